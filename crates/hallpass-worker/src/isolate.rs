//! State of an isolate, shared by all of its requests.

use std::sync::{Once, OnceLock};

use hallpass_service::{Outcome, Request, RequestContext, Service};
use hallpass_token::UnixSeconds;
use wasm_bindgen::JsValue;
use worker::Env;
use worker::js_sys::Date;

use crate::platform::{WorkerPlatform, has_limiter};
use crate::{console, request, settings};

/// The service of a deployment, in one isolate.
pub(crate) struct Isolate {
    service: Service,
    has_limiter: bool,
    notices: Once,
}

/// The outcome of a request, and the inputs for a refresh of the secrets.
pub(crate) struct HandledRequest {
    pub(crate) outcome: Outcome,
    pub(crate) now: UnixSeconds,
    pub(crate) env: Env,
}

impl Isolate {
    /// Returns the state of this isolate. The first call reads the configuration from the bindings.
    pub(crate) fn get(env: &Env) -> &'static Self {
        static ISOLATE: OnceLock<Isolate> = OnceLock::new();
        ISOLATE.get_or_init(|| Self::new(env))
    }

    /// Creates the state of an isolate, with the configuration in these bindings.
    pub(crate) fn new(env: &Env) -> Self {
        let service = Service::new(|name| settings::setting(env, name));
        Self { service, has_limiter: has_limiter(env), notices: Once::new() }
    }

    pub(crate) const fn service(&self) -> &Service {
        &self.service
    }

    /// Logs the service's notices for operators on the first call. The first request makes this call instead of the
    /// start, because the platform assigns each log line to a request.
    pub(crate) fn log_notices(&self) {
        self.notices.call_once(|| self.service.notices().iter().for_each(console::log));
    }

    /// Handles a request. `js_request` is the JavaScript object of the same request.
    pub(crate) async fn handle(
        &self,
        js_request: JsValue,
        request: Request,
        env: Env,
        random: [u8; RequestContext::RANDOM_BYTES],
        request_id: Option<String>,
    ) -> HandledRequest {
        let now = UnixSeconds((Date::now() / 1000.0) as u32);
        let caller_address = || request::header(&js_request, "cf-connecting-ip");
        let context = RequestContext {
            now,
            random,
            request_id: request_id.unwrap_or_default(),
            gateway_claims: None,
            caller_address: &caller_address,
        };
        let outcome = self.service.handle(&request, &context, &self.platform(&env)).await;
        HandledRequest { outcome, now, env }
    }

    /// Refreshes the secrets, and writes the log line of the refresh, if any.
    pub(crate) async fn refresh(&self, now: UnixSeconds, env: &Env) {
        if let Some(line) = self.service.refresh(now, &self.platform(env)).await {
            console::log(&line);
        }
    }

    const fn platform<'a>(&self, env: &'a Env) -> WorkerPlatform<'a> {
        WorkerPlatform { env, has_limiter: self.has_limiter }
    }
}
