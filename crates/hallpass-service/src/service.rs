//! The service: settings in, then one answer for each request.

use std::sync::Arc;

use hallpass_token::UnixSeconds;
use http::header::{ACCEPT, HeaderName};
use http::{Method, Response, StatusCode};
use serde_json::json;

use crate::answer::{self, Answer};
use crate::auth::{AuthConfig, Open};
use crate::cache::{Cache, Step};
use crate::config::Config;
use crate::cors::Cors;
use crate::input::{Inputs, Request};
use crate::log::{Journal, Level, LogLine};
use crate::platform::Platform;
use crate::routes;
use crate::setup::{Access, Setup};
use crate::setup_error::SetupError;

/// The token service of one deployment. Made once for each process or isolate; it answers any number of requests.
#[derive(Debug)]
pub struct Service {
    /// `None` where it cannot be read; the cache says why.
    config: Option<Config>,
    cache: Cache,
}

impl Service {
    /// Reads settings by name. It never fails: where something is missing, the service says so in its
    /// [`notices`](Self::notices) and answers 503 to whoever wants a token.
    #[must_use]
    pub fn new(setting: impl Fn(&str) -> Option<String>) -> Self {
        match Config::read(&setting) {
            Ok(config) => {
                let cache = Cache::new(Setup::failed(Some(&config), SetupError::NotLoaded));
                Self { config: Some(config), cache }
            }
            Err(error) => Self { config: None, cache: Cache::new(Setup::failed(None, error)) },
        }
    }

    /// What the person on call should know of this deployment; to be logged at every start.
    #[must_use]
    pub fn notices(&self) -> Vec<LogLine> {
        let notice =
            |event, message: &str| LogLine::new(Level::Warning, event, &json!({ "message": message }));
        let Some(config) = &self.config else {
            return self.cache.current().ready.as_ref().err().map(SetupError::log_line).into_iter().collect();
        };
        match config.auth.as_ref().map(AuthConfig::open) {
            None => {
                let message = "no auth is configured: every request for a token is answered 503";
                vec![notice("auth_not_configured", message)]
            }
            Some(Some(Open { wildcard })) => {
                let whom = if wildcard { ", also for uid 0, which anybody may use" } else { "" };
                let message = format!(
                    "auth.open is set: whoever reaches this service may call without credentials{whom}"
                );
                vec![notice("auth_open", &message)]
            }
            Some(None) => Vec::new(),
        }
    }

    /// Reads the secrets, whatever was read before. To be called where an [`Answer`] says so; where a platform has time
    /// before the first request, then too. The lines are for the log.
    pub async fn refresh(&self, now: UnixSeconds, platform: &impl Platform) -> Option<LogLine> {
        let config = self.config.as_ref()?;
        let attempt = self.cache.begin();
        let secrets = platform.secrets(&config.secret_names()).await;
        let secrets = secrets.as_ref().map_err(|error| SetupError::Store(error.clone()));
        self.cache.keep(config, attempt, secrets, now)
    }

    /// The headers that [`handle`](Self::handle) looks at for such a request: an adapter to which headers are dear
    /// needs to bring no others.
    pub fn headers_read(&self, method: &Method, path: &str) -> impl Iterator<Item = &HeaderName> {
        const OF_HOME: &[HeaderName] = &[ACCEPT];
        let is_home = path == "/" && (method == Method::GET || method == Method::HEAD);
        let of_route = if is_home { OF_HOME } else { &[] };
        let auth = self.config.as_ref().and_then(|config| config.auth.as_ref());
        let of_auth = auth.map_or(&[][..], AuthConfig::headers);
        of_route.iter().chain(of_auth).chain(self.cors().headers_read(method))
    }

    /// Answers one request. Every failure is a response.
    pub async fn handle(&self, request: &Request, inputs: &Inputs<'_>, platform: &impl Platform) -> Answer {
        let (cors, journal) = (self.cors(), Journal::default());
        let mut response = match cors.preflight(request, &inputs.request_id) {
            Some(response) => response,
            None => routes::answer(self, request, inputs, platform, &journal).await,
        };
        cors.finish(request, &mut response);
        answer::finish(&mut response, &inputs.request_id);
        if let Some(line) = self.log_of(request, inputs, &response) {
            journal.add(line);
        }
        if request.method == Method::HEAD {
            response.body_mut().clear();
        }
        let (log, is_refresh_due) = journal.into_parts();
        Answer { response, log, is_refresh_due }
    }

    /// What a request is answered with. It waits for secrets where there are none, or none that are young enough.
    pub(crate) async fn setup<P: Platform>(
        &self,
        now: UnixSeconds,
        platform: &P,
        journal: &Journal,
    ) -> Arc<Setup> {
        let Some(config) = &self.config else { return self.cache.current() };
        match self.cache.step(config, now, P::WORKS_AFTER_ANSWER) {
            Step::Use(setup) => setup,
            Step::UseAndRefresh(setup) => {
                journal.ask_for_refresh();
                setup
            }
            Step::Load => {
                if let Some(line) = self.refresh(now, platform).await {
                    journal.add(line);
                }
                self.cache.current()
            }
        }
    }

    fn cors(&self) -> &Cors {
        static CLOSED: Cors = Cors::CLOSED;
        self.config.as_ref().map_or(&CLOSED, |config| &config.cors)
    }

    /// A client that is refused can help itself; one that meets a 5xx needs the person on call.
    fn log_of(
        &self,
        request: &Request,
        inputs: &Inputs<'_>,
        response: &Response<Vec<u8>>,
    ) -> Option<LogLine> {
        // What a provider did not do has a line of its own.
        let is_of_provider =
            matches!(response.status(), StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT);
        if !response.status().is_server_error() || is_of_provider {
            return None;
        }
        let setup = self.cache.current();
        let reason = match (&setup.access, &setup.ready) {
            (Access::NotConfigured, _) => "no auth is configured".to_owned(),
            (_, Err(error)) => error.to_string(),
            (_, Ok(_)) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                "the keys of the caller's issuer could not be fetched".to_owned()
            }
            (_, Ok(_)) => "internal error".to_owned(),
        };
        Some(LogLine::new(
            Level::Error,
            "request_failed",
            &json!({
                "request_id": inputs.request_id,
                "status": response.status().as_u16(),
                "method": request.method.as_str(),
                "path": request.path,
                "caller_address": (inputs.caller_address)(),
                "reason": reason,
            }),
        ))
    }
}
