//! Hallpass as a Cloudflare Worker.
//!
//! Knows the platform: bindings, the clock, random bytes, the JavaScript request and response.
//! Knows nothing of routes, status codes, policy or token formats.
//!
//! The boundary to JavaScript is expensive: a call across it costs about as much as an HMAC. So `entry.js`, the
//! Worker's main module, waits for the body and makes one call. `worker::Request` would fetch things that nobody
//! asked for, and would turn an unknown method into GET.

mod console;
mod platform;
mod random;
mod request;
mod response;
mod settings;

use std::future::Future as _;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use hallpass_service::{Body, MAX_BODY_BYTES, RequestContext, Service};
use hallpass_token::UnixSeconds;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use worker::Env;
use worker::js_sys::{Date, Promise};
use worker::wasm_bindgen_futures::future_to_promise;

use crate::platform::{WorkerPlatform, has_limiter};

#[wasm_bindgen(module = "/src/bindings.js")]
extern "C" {
    /// Keeps a request's rights until the promise has come to something.
    fn wait_until(context: &JsValue, promise: &Promise);
}

/// State of the isolate, which does not change from request to request.
struct Isolate {
    service: Service,
    has_limiter: bool,
}

static ISOLATE: OnceLock<Isolate> = OnceLock::new();

/// The most bytes of a body that `entry.js` reads.
#[wasm_bindgen]
pub fn max_body_bytes() -> usize {
    MAX_BODY_BYTES
}

/// Answers one request: with a response, or with a promise of one if the service waits for something. Without a body,
/// the body of the request exceeds the limit or is broken.
///
/// # Errors
/// If the runtime gives no random bytes; it then answers 500 by itself.
#[wasm_bindgen]
#[expect(
    clippy::too_many_arguments,
    reason = "each further call across the boundary costs as much as an HMAC"
)]
pub fn answer(
    request: JsValue,
    env: Env,
    context: &JsValue,
    method: &str,
    url: &str,
    request_id: JsValue,
    body: Option<Vec<u8>>,
    is_too_large: bool,
) -> Result<JsValue, JsError> {
    let isolate = ISOLATE.get_or_init(|| Isolate::start(&env));
    let random = random::take()?;
    let body = match body {
        Some(body) => Body::from_bytes(body),
        None if is_too_large => Body::TooLarge,
        None => Body::Broken,
    };
    let read = request::read(&isolate.service, &request, method, url, body);
    let mut answer = Box::pin(async move {
        let now = UnixSeconds((Date::now() / 1000.0) as u32);
        let address = || request::header(&request, "cf-connecting-ip");
        let inputs = RequestContext {
            now,
            random,
            request_id: request_id.as_string().unwrap_or_default(),
            gateway_claims: None,
            caller_address: &address,
        };
        let answer = isolate.service.handle(&read, &inputs, &isolate.platform(&env)).await;
        answer.log.iter().for_each(console::log);
        let response = response::convert(&answer.response, &request_id);
        (response, answer.is_refresh_due.then(|| isolate.refresh(now, env)))
    });
    // Most requests wait for nothing, and a promise costs as much as a token.
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready((response, rest)) => {
            spawn_after_response(context, rest);
            Ok(response)
        }
        Poll::Pending => {
            let context = context.clone();
            let answer = async move {
                let (response, rest) = answer.await;
                spawn_after_response(&context, rest);
                Ok(response)
            };
            Ok(future_to_promise(answer).into())
        }
    }
}

/// Runs a future for which the response does not wait.
fn spawn_after_response(context: &JsValue, rest: Option<impl Future<Output = ()> + 'static>) {
    if let Some(rest) = rest {
        let rest = async {
            rest.await;
            Ok(JsValue::UNDEFINED)
        };
        wait_until(context, &future_to_promise(rest));
    }
}

impl Isolate {
    fn start(env: &Env) -> Self {
        let service = Service::new(|name| settings::setting(env, name));
        service.notices().iter().for_each(console::log);
        Self { service, has_limiter: has_limiter(env) }
    }

    const fn platform<'a>(&self, env: &'a Env) -> WorkerPlatform<'a> {
        WorkerPlatform { env, has_limiter: self.has_limiter }
    }

    async fn refresh(&self, now: UnixSeconds, env: Env) {
        if let Some(line) = self.service.refresh(now, &self.platform(&env)).await {
            console::log(&line);
        }
    }
}
