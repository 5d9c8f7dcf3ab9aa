//! The service: settings in, then one answer for each request.

use http::header::{ACCEPT, HeaderName};
use http::{Method, Response};
use serde_json::json;
use zeroize::Zeroizing;

use crate::answer::{self, Answer};
use crate::config::{Compat, Config, Open, TtlLimits};
use crate::cors::Cors;
use crate::input::{Inputs, Request};
use crate::log::{Level, LogLine};
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
    pub(crate) auth: Auth,
    pub(crate) cors: Cors,
    /// What tokens are made of, or why none can be made.
    pub(crate) ready: Result<Ready, SetupError>,
}

/// Who may call.
#[derive(Debug)]
pub(crate) enum Auth {
    /// Everybody.
    Open(Open),
    /// Nobody: the configuration does not say.
    NotConfigured,
    /// Nobody: the configuration cannot be read.
    Unknown,
}

/// All that minting needs.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) projects: Projects,
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
        let setup = match Config::read(&setting) {
            Ok(config) => Setup {
                auth: config.open.map_or(Auth::NotConfigured, Auth::Open),
                ready: Projects::load(&config, &Sources { setting: &setting, secret: &secret })
                    .map(|projects| Ready { projects, ttl: config.ttl, compat: config.compat }),
                cors: config.cors,
            },
            Err(error) => Setup { auth: Auth::Unknown, cors: Cors::default(), ready: Err(error) },
        };
        Self { setup }
    }

    /// What the person on call should know of this deployment; to be logged at every start.
    #[must_use]
    pub fn notices(&self) -> Vec<LogLine> {
        let notice = |level, event, message: &str| LogLine::new(level, event, json!({ "message": message }));
        let mut notices = Vec::new();
        if let Err(error) = &self.setup.ready {
            notices.push(notice(Level::Error, "not_ready", &error.to_string()));
        }
        match self.setup.auth {
            Auth::Open(open) => {
                let whom = if open.wildcard { ", also for uid 0, which anybody may use" } else { "" };
                let message = format!("auth.open is set: whoever reaches this service gets tokens{whom}");
                notices.push(notice(Level::Warning, "auth_open", &message));
            }
            Auth::NotConfigured => {
                let message = "no auth is configured: every request for a token is answered 503";
                notices.push(notice(Level::Warning, "auth_not_configured", message));
            }
            Auth::Unknown => {}
        }
        notices
    }

    /// The headers that [`handle`](Self::handle) looks at for such a request: an adapter to which headers are dear
    /// needs to bring no others.
    pub fn headers_read(&self, method: &Method, path: &str) -> impl Iterator<Item = &'static HeaderName> {
        const OF_HOME: &[HeaderName] = &[ACCEPT];
        let is_home = path == "/" && (method == Method::GET || method == Method::HEAD);
        let of_route = if is_home { OF_HOME } else { &[] };
        of_route.iter().chain(self.setup.cors.headers_read(method))
    }

    /// Answers one request. Every failure is a response.
    #[must_use]
    pub fn handle(&self, request: &Request, inputs: &Inputs<'_>) -> Answer {
        let cors = &self.setup.cors;
        let preflight = cors.preflight(request, &inputs.request_id);
        let mut response = preflight.unwrap_or_else(|| routes::answer(&self.setup, request, inputs));
        cors.finish(request, &mut response);
        answer::finish(&mut response, &inputs.request_id);
        let log = self.log_of(request, inputs, &response);
        if request.method == Method::HEAD {
            response.body_mut().clear();
        }
        Answer { response, log }
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
        let reason = match (&self.setup.auth, &self.setup.ready) {
            (Auth::NotConfigured, _) => "no auth is configured".to_owned(),
            (_, Err(error)) => error.to_string(),
            (_, Ok(_)) => "internal error".to_owned(),
        };
        Some(LogLine::new(
            Level::Error,
            "request_failed",
            json!({
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
