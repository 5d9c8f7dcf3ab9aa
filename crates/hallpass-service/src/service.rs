//! The service: settings in, then one response for each request.

use std::sync::Arc;

use hallpass_token::UnixSeconds;
use http::{Method, StatusCode};

use crate::auth::{AuthConfig, OpenAccess};
use crate::platform::{BoxFuture, Platform};
use crate::problem::Problem;
use crate::routes::{self, respond_with_problem};
use crate::settings::ConfigError;
use crate::state::{AuthState, Cache, CacheAction, Config, LoadedState};
use crate::web::cors::{Cors, Preflight};
use crate::web::headers::ACCEPT;
use crate::web::log::{Level, LogLine, RequestLog};
use crate::web::request::{Request, RequestContext};
use crate::web::response::Response;

/// The outcome of one request.
#[derive(Debug)]
pub struct Outcome {
    /// The response to the client, to which the adapter adds
    /// [`COMMON_HEADERS`](crate::COMMON_HEADERS) and the request id.
    pub response: Response,
    /// Lines for the log.
    pub log: Vec<LogLine>,
    /// Whether [`Service::refresh`] is to be called; no response waits for it.
    pub is_refresh_due: bool,
}

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
                let cache = Cache::new(LoadedState::failed(Some(&config), ConfigError::NotLoaded));
                Self { config: Some(config), cache }
            }
            Err(error) => Self { config: None, cache: Cache::new(LoadedState::failed(None, error)) },
        }
    }

    /// What the person on call should know of this deployment; to be logged at every start.
    #[must_use]
    pub fn notices(&self) -> Vec<LogLine> {
        let Some(config) = &self.config else {
            return self
                .cache
                .current()
                .signing
                .as_ref()
                .err()
                .map(ConfigError::log_line)
                .into_iter()
                .collect();
        };
        let (event, message) = match config.auth.as_ref().map(AuthConfig::open) {
            None => {
                let message = "no auth is configured: every request for a token is answered 503";
                ("auth_not_configured", message.to_owned())
            }
            Some(Some(OpenAccess { wildcard })) => {
                let whom = if wildcard { ", also for uid 0, which anybody may use" } else { "" };
                let message = "auth.open is set: whoever reaches this service may call without credentials";
                ("auth_open", format!("{message}{whom}"))
            }
            Some(None) => return Vec::new(),
        };
        vec![LogLine::new(Level::Warning, event, [("message", message.into())])]
    }

    /// Reads the secrets, whatever was read before. To be called where an [`Outcome`] says so; where a platform has time
    /// before the first request, then too. The lines are for the log.
    pub async fn refresh(&self, now: UnixSeconds, platform: &dyn Platform) -> Option<LogLine> {
        let config = self.config.as_ref()?;
        let attempt = self.cache.begin();
        let secrets = platform.secrets(&config.secret_names()).await;
        let secrets = secrets.as_ref().map_err(|error| ConfigError::Store(error.clone()));
        self.cache.keep(config, attempt, secrets, now)
    }

    /// Returns the names of the headers that [`handle`](Self::handle) reads for such a request, in lower case. An adapter may
    /// omit all others.
    pub fn headers_read(&self, method: &Method, path: &str) -> impl Iterator<Item = &str> {
        let is_home = path == "/" && (method == Method::GET || method == Method::HEAD);
        let of_route = is_home.then_some(ACCEPT);
        let auth = self.config.as_ref().and_then(|config| config.auth.as_ref());
        let of_auth = auth.map_or(&[][..], AuthConfig::headers);
        let of_auth = of_auth.iter().map(String::as_str);
        of_route.into_iter().chain(of_auth).chain(self.cors().headers_read(method).iter().copied())
    }

    /// Responds to one request. Every failure is a response.
    pub async fn handle(
        &self,
        request: &Request,
        context: &RequestContext<'_>,
        platform: &dyn Platform,
    ) -> Outcome {
        let log = RequestLog::default();
        let response = match self.preflight(request, context) {
            Some(response) => response,
            None => {
                let state = async || self.state(context.now, platform, &log).await;
                // Boxed, so that it is a function of its own.
                let response: BoxFuture<'_, _> =
                    Box::pin(routes::respond(request, context, platform, &log, state));
                response.await
            }
        };
        self.finish(request, context, response, log)
    }

    /// Responds to the preflight request of a browser; `None` for any other request.
    #[inline(never)]
    fn preflight(&self, request: &Request, context: &RequestContext<'_>) -> Option<Response> {
        match self.cors().preflight(request) {
            Preflight::Allowed(response) => Some(response),
            Preflight::Denied => Some(respond_with_problem(&Problem::OriginNotAllowed, &context.request_id)),
            Preflight::None => None,
        }
    }

    /// Completes a response, and collects the log.
    #[inline(never)]
    fn finish(
        &self,
        request: &Request,
        context: &RequestContext<'_>,
        mut response: Response,
        log: RequestLog,
    ) -> Outcome {
        self.cors().finish(request, &mut response);
        // A client can correct a 4xx itself, and a failed call to a provider has a line of its own.
        let status = response.status;
        let is_upstream = matches!(status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT);
        if status.is_server_error() && !is_upstream {
            log.add(self.failure(request, context, status));
        }
        if request.method == Method::HEAD {
            response.body.clear();
        }
        let (log, is_refresh_due) = log.into_parts();
        Outcome { response, log, is_refresh_due }
    }

    /// Returns the loaded state. Waits for the secrets if none are loaded, or if they are too old.
    async fn state(&self, now: UnixSeconds, platform: &dyn Platform, log: &RequestLog) -> Arc<LoadedState> {
        let Some(config) = &self.config else { return self.cache.current() };
        match self.cache.action(config, now, platform.works_after_response()) {
            CacheAction::Use(state) => state,
            CacheAction::UseAndRefresh(state) => {
                log.request_refresh();
                state
            }
            CacheAction::Load => {
                let refresh: BoxFuture<'_, _> = Box::pin(self.refresh(now, platform));
                if let Some(line) = refresh.await {
                    log.add(line);
                }
                self.cache.current()
            }
        }
    }

    fn cors(&self) -> &Cors {
        static CLOSED: Cors = Cors::CLOSED;
        self.config.as_ref().map_or(&CLOSED, |config| &config.cors)
    }

    /// The line for a response that needs the person on call.
    #[cold]
    #[inline(never)]
    fn failure(&self, request: &Request, context: &RequestContext<'_>, status: StatusCode) -> LogLine {
        let state = self.cache.current();
        let reason = match (&state.auth, &state.signing) {
            (AuthState::NotConfigured, _) => "no auth is configured".to_owned(),
            (_, Err(error)) => error.to_string(),
            (_, Ok(_)) if status == StatusCode::SERVICE_UNAVAILABLE => {
                "the keys of the caller's issuer could not be fetched".to_owned()
            }
            (_, Ok(_)) => "internal error".to_owned(),
        };
        let fields = [
            ("request_id", context.request_id.as_str().into()),
            ("status", u32::from(status.as_u16()).into()),
            ("method", request.method.as_str().into()),
            ("path", request.path.as_str().into()),
            ("caller_address", (context.caller_address)().into()),
            ("reason", reason.into()),
        ];
        LogLine::new(Level::Error, "request_failed", fields)
    }
}
