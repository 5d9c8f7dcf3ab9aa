//! State of an isolate, which is the same for all of its requests.

use std::sync::{Once, OnceLock};

use hallpass_service::{Outcome, Request, RequestContext, Service};
use hallpass_token::UnixSeconds;
use wasm_bindgen::JsValue;
use worker::Env;
use worker::js_sys::Date;

use crate::platform::{WorkerPlatform, has_limiter};
use crate::{console, request, settings};

/// One deployment in one isolate.
pub(crate) struct Isolate {
    service: Service,
    has_limiter: bool,
    notices: Once,
}

/// The outcome of a request, and what a refresh of the secrets needs.
pub(crate) struct Handled {
    pub(crate) outcome: Outcome,
    pub(crate) now: UnixSeconds,
    pub(crate) env: Env,
}

impl Isolate {
    /// Returns the isolate's deployment. The first call reads the configuration.
    pub(crate) fn get(env: &Env) -> &'static Self {
        static ISOLATE: OnceLock<Isolate> = OnceLock::new();
        ISOLATE.get_or_init(|| Self::new(env))
    }

    /// Reads the configuration of a deployment with these bindings.
    pub(crate) fn new(env: &Env) -> Self {
        let service = Service::new(|name| settings::setting(env, name));
        Self { service, has_limiter: has_limiter(env), notices: Once::new() }
    }

    pub(crate) const fn service(&self) -> &Service {
        &self.service
    }

    /// Logs what the person on call should know of this deployment, once. The platform assigns log lines to requests, so the
    /// first request writes them and not the start.
    pub(crate) fn log_notices(&self) {
        self.notices.call_once(|| self.service.notices().iter().for_each(console::log));
    }

    /// Responds to a request. `js_request` is the same request as the runtime has it.
    pub(crate) async fn handle(
        &self,
        js_request: JsValue,
        request: Request,
        env: Env,
        random: [u8; RequestContext::RANDOM_BYTES],
        request_id: Option<String>,
    ) -> Handled {
        let now = UnixSeconds((Date::now() / 1000.0) as u32);
        let address = || request::header(&js_request, "cf-connecting-ip");
        let inputs = RequestContext {
            now,
            random,
            request_id: request_id.unwrap_or_default(),
            gateway_claims: None,
            caller_address: &address,
        };
        let outcome = self.service.handle(&request, &inputs, &self.platform(&env)).await;
        Handled { outcome, now, env }
    }

    /// Reads the secrets again.
    pub(crate) async fn refresh(&self, now: UnixSeconds, env: &Env) {
        if let Some(line) = self.service.refresh(now, &self.platform(env)).await {
            console::log(&line);
        }
    }

    const fn platform<'a>(&self, env: &'a Env) -> WorkerPlatform<'a> {
        WorkerPlatform { env, has_limiter: self.has_limiter }
    }
}
