//! The entry point of the crate: creation of the service from settings, and responses to requests.

use std::sync::Arc;

use hallpass_token::UnixSeconds;
use http::{Method, StatusCode};

use crate::auth::{AuthConfig, OpenAccess};
use crate::platform::{BoxFuture, Platform};
use crate::problem::Problem;
use crate::routes::{self, is_home, respond_with_problem};
use crate::settings::{BasePath, ConfigError};
use crate::state::{AuthState, Cache, CacheAction, Config, LoadedState};
use crate::web::cors::{Cors, Preflight};
use crate::web::headers::ACCEPT;
use crate::web::log::{Level, LogLine, RequestLog};
use crate::web::request::{Request, RequestContext};
use crate::web::response::Response;

/// The outcome of one request.
#[derive(Debug)]
pub struct Outcome {
    /// The response to the client. The adapter adds [`COMMON_HEADERS`](crate::COMMON_HEADERS) and the request ID.
    pub response: Response,
    /// The log lines of the request. The adapter writes these lines.
    pub log: Vec<LogLine>,
    /// True if the adapter must call [`Service::refresh`] after the response.
    pub is_refresh_due: bool,
}

/// The token service of one deployment. An adapter creates one instance per process or isolate.
#[derive(Debug)]
pub struct Service {
    /// The configuration; `None` if the settings are invalid. In that case, the cache contains the error.
    config: Option<Config>,
    /// The base path, if this part of the configuration is valid.
    base_path: Option<BasePath>,
    cache: Cache,
}

impl Service {
    /// Creates the service from settings. If a setting is missing or invalid, [`notices`](Self::notices) reports the error,
    /// and every token request gets status 503.
    #[must_use]
    pub fn new(setting: impl Fn(&str) -> Option<String>) -> Self {
        match Config::read(&setting) {
            Ok(config) => {
                let cache = Cache::new(LoadedState::failed(Some(&config), ConfigError::NotLoaded));
                Self { base_path: config.base_path.clone(), config: Some(config), cache }
            }
            Err(error) => {
                // The base path is used even if another setting is invalid, so that `/readyz` can report the error.
                let base_path = Config::read_base_path(&setting);
                Self { config: None, base_path, cache: Cache::new(LoadedState::failed(None, error)) }
            }
        }
    }

    /// Returns log lines about configuration errors and risks. An adapter writes these lines at every start.
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
                let message = "`auth` accepts no callers: every token request gets status 503";
                ("auth_not_configured", message.to_owned())
            }
            Some(Some(OpenAccess { wildcard })) => {
                let scope =
                    if wildcard { ", including tokens for uid 0, which any user can use" } else { "" };
                let message = "auth.open is set: callers without credentials can get tokens";
                ("auth_open", format!("{message}{scope}"))
            }
            Some(None) => return Vec::new(),
        };
        vec![LogLine::new(Level::Warning, event, [("message", message.into())])]
    }

    /// Reads the secrets, and returns a line for the log. If [`Outcome::is_refresh_due`] is true, an adapter calls this
    /// function after the response. An adapter may also call this function before the first request.
    pub async fn refresh(&self, now: UnixSeconds, platform: &dyn Platform) -> Option<LogLine> {
        let config = self.config.as_ref()?;
        let attempt = self.cache.begin_attempt();
        let secrets = platform.secrets(&config.secret_names()).await;
        let secrets = secrets.as_ref().map_err(|error| ConfigError::Store(error.clone()));
        self.cache.finish_attempt(config, attempt, secrets, now)
    }

    /// Returns the lower-case names of the headers that [`handle`](Self::handle) reads for this method and path. An
    /// adapter may omit all other headers.
    pub fn headers_read(&self, method: &Method, path: &str) -> impl Iterator<Item = &str> {
        let is_page = method == Method::GET || method == Method::HEAD;
        let route_header = (is_page && is_home(path, self.base_path.as_ref())).then_some(ACCEPT);
        let auth = self.config.as_ref().and_then(|config| config.auth.as_ref());
        let auth_headers = auth.map_or(&[][..], AuthConfig::headers);
        let auth_headers = auth_headers.iter().map(String::as_str);
        route_header.into_iter().chain(auth_headers).chain(self.cors().headers_read(method).iter().copied())
    }

    /// Responds to one request. Converts every error into an error response.
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
                // The future is boxed, so that the compiler compiles it as a separate function.
                let (base_path, cors) = (self.base_path.as_ref(), self.cors());
                let response: BoxFuture<'_, _> =
                    Box::pin(routes::respond(request, context, platform, &log, base_path, cors, state));
                response.await
            }
        };
        self.finish(request, context, response, log)
    }

    /// Returns the response to a CORS preflight request; `None` for any other request.
    #[inline(never)]
    fn preflight(&self, request: &Request, context: &RequestContext<'_>) -> Option<Response> {
        match self.cors().preflight(request) {
            Preflight::Allowed(response) => Some(response),
            Preflight::Denied => Some(respond_with_problem(&Problem::OriginNotAllowed, &context.request_id)),
            Preflight::None => None,
        }
    }

    /// Completes the response, and collects the log lines.
    #[inline(never)]
    fn finish(
        &self,
        request: &Request,
        context: &RequestContext<'_>,
        mut response: Response,
        log: RequestLog,
    ) -> Outcome {
        self.cors().finish(request, &mut response);
        // Other errors need no line here: clients can correct 4xx errors, and a failed provider call already has a log
        // line.
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

    /// Returns the loaded state. If no secrets are loaded, or if the loaded secrets are too old, loads the secrets first.
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

    /// Returns the log line for a response with a server error.
    #[cold]
    #[inline(never)]
    fn failure(&self, request: &Request, context: &RequestContext<'_>, status: StatusCode) -> LogLine {
        let state = self.cache.current();
        let reason = match (&state.auth, &state.signing) {
            (AuthState::NotConfigured, _) => "`auth` accepts no callers".to_owned(),
            (_, Err(error)) => error.to_string(),
            (_, Ok(_)) if status == StatusCode::SERVICE_UNAVAILABLE => {
                "cannot fetch the signing keys of the caller's issuer".to_owned()
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
