//! The service: settings in, then one answer for each request.

use http::header::{ACCEPT, HeaderName};
use http::{Method, Response, StatusCode};
use serde_json::json;
use zeroize::Zeroizing;

use crate::answer::{self, Answer};
use crate::auth::{Auth, Open};
use crate::config::{Compat, Config, TtlLimits};
use crate::cors::{Cors, Pages};
use crate::input::{Inputs, Request};
use crate::log::{Journal, Level, LogLine};
use crate::platform::Platform;
use crate::policy::Policy;
use crate::projects::{Projects, Sources};
use crate::routes;
use crate::setup_error::SetupError;

/// The token service of one deployment. Made once for each process or isolate; it answers any number of requests.
#[derive(Debug)]
pub struct Service {
    setup: Setup,
}

/// What the settings and secrets came to.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) access: Access,
    pub(crate) cors: Cors,
    /// What tokens are made of, or why none can be made.
    pub(crate) ready: Result<Ready, SetupError>,
}

/// Who may call.
#[derive(Debug)]
pub(crate) enum Access {
    Configured(Auth),
    /// Nobody: the configuration does not say.
    NotConfigured,
    /// Nobody: the configuration cannot be read, or a secret of it is missing.
    Unknown,
}

/// All that minting needs.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) projects: Projects,
    pub(crate) policy: Policy,
    pub(crate) ttl: TtlLimits,
    pub(crate) compat: Compat,
}

impl Service {
    /// Reads settings and secrets by name. It never fails: where something is missing, the service says so in its
    /// [`notices`](Self::notices) and answers 503 to whoever wants a token.
    #[must_use]
    pub fn new(
        setting: impl Fn(&str) -> Option<String>,
        secret: impl Fn(&str) -> Option<Zeroizing<String>>,
    ) -> Self {
        // An empty setting is one that somebody has yet to fill in.
        let setting = |name: &str| setting(name).filter(|text| !text.is_empty());
        let sources = Sources { setting: &setting, secret: &secret };
        let setup =
            Config::read(&setting).map_or_else(Setup::unreadable, |config| Setup::load(config, &sources));
        Self { setup }
    }

    /// What the person on call should know of this deployment; to be logged at every start.
    #[must_use]
    pub fn notices(&self) -> Vec<LogLine> {
        let notice = |level, event, message: &str| LogLine::new(level, event, &json!({ "message": message }));
        let mut notices = Vec::new();
        if let Err(error) = &self.setup.ready {
            notices.push(notice(Level::Error, "not_ready", &error.to_string()));
        }
        match &self.setup.access {
            Access::Configured(auth) => {
                if let Some(Open { wildcard }) = auth.open() {
                    let whom = if wildcard { ", also for uid 0, which anybody may use" } else { "" };
                    let message = format!(
                        "auth.open is set: whoever reaches this service may call without credentials{whom}"
                    );
                    notices.push(notice(Level::Warning, "auth_open", &message));
                }
            }
            Access::NotConfigured => {
                let message = "no auth is configured: every request for a token is answered 503";
                notices.push(notice(Level::Warning, "auth_not_configured", message));
            }
            Access::Unknown => {}
        }
        notices
    }

    /// The headers that [`handle`](Self::handle) looks at for such a request: an adapter to which headers are dear
    /// needs to bring no others.
    pub fn headers_read(&self, method: &Method, path: &str) -> impl Iterator<Item = &HeaderName> {
        const OF_HOME: &[HeaderName] = &[ACCEPT];
        let is_home = path == "/" && (method == Method::GET || method == Method::HEAD);
        let of_route = if is_home { OF_HOME } else { &[] };
        let of_auth = if let Access::Configured(auth) = &self.setup.access { auth.headers() } else { &[] };
        of_route.iter().chain(of_auth).chain(self.setup.cors.headers_read(method))
    }

    pub(crate) const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Answers one request. Every failure is a response.
    pub async fn handle(&self, request: &Request, inputs: &Inputs<'_>, platform: &impl Platform) -> Answer {
        let (cors, journal) = (&self.setup.cors, Journal::default());
        let mut response = match cors.preflight(request, &inputs.request_id) {
            Some(response) => response,
            None => routes::answer(&self.setup, request, inputs, platform, &journal).await,
        };
        cors.finish(request, &mut response);
        answer::finish(&mut response, &inputs.request_id);
        if let Some(line) = self.log_of(request, inputs, &response) {
            journal.add(line);
        }
        if request.method == Method::HEAD {
            response.body_mut().clear();
        }
        Answer { response, log: journal.into_lines() }
    }

    /// A client that is refused can help itself; one that meets a 5xx needs the person on call.
    fn log_of(
        &self,
        request: &Request,
        inputs: &Inputs<'_>,
        response: &Response<Vec<u8>>,
    ) -> Option<LogLine> {
        if !response.status().is_server_error() {
            return None;
        }
        let reason = match (&self.setup.access, &self.setup.ready) {
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

impl Setup {
    fn unreadable(error: SetupError) -> Self {
        Self { access: Access::Unknown, cors: Cors::new(Pages::SameOrigin, &[]), ready: Err(error) }
    }

    fn load(config: Config, sources: &Sources<'_>) -> Self {
        let projects = Projects::load(&config, sources);
        let Config { auth, policy, ttl, compat, pages, .. } = config;
        let (access, fault) = match auth.is_configured().then(|| auth.load(sources)) {
            None => (Access::NotConfigured, None),
            Some(Ok(auth)) => (Access::Configured(auth), None),
            Some(Err(error)) => (Access::Unknown, Some(error)),
        };
        let ready = fault.map_or(projects, Err).map(|projects| Ready { projects, policy, ttl, compat });
        let headers = if let Access::Configured(auth) = &access { auth.headers() } else { &[] };
        let cors = Cors::new(pages, headers);
        Self { access, cors, ready }
    }
}
