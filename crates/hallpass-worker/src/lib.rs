//! Hallpass as a Cloudflare Worker.
//!
//! Knows the platform: bindings, the clock, random bytes, the JavaScript request and response.
//! Knows nothing of routes, status codes, policy or token formats.
//!
//! The border to JavaScript is the dear part: a call across it costs about as much as an HMAC. So `entry.js`, the
//! Worker's main module, waits for the body and makes one call. `worker::Request` would fetch things that nobody
//! asked for, and would turn an unknown method into GET.

mod platform;
mod random;
mod request;
mod response;
mod settings;

use std::future::Future as _;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use hallpass_service::{Inputs, Level, LogLine, MAX_BODY_BYTES, Service};
use hallpass_token::UnixSeconds;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use wasm_bindgen_futures::future_to_promise;
use worker::Env;

use crate::platform::Runtime;

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    /// Keeps a request's rights until the promise has come to something.
    fn wait_until(context: &JsValue, promise: &js_sys::Promise);
}

/// Lives as long as the isolate; requests leave no trace in it.
static SERVICE: OnceLock<Service> = OnceLock::new();

/// The macros of `worker` make a JavaScript text first, which is another call across the border.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    fn console_log(line: &str);
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(line: &str);
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(line: &str);
}

/// The most bytes of a body that `entry.js` reads.
#[wasm_bindgen]
pub fn max_body_bytes() -> usize {
    MAX_BODY_BYTES
}

/// Answers one request: with a response, or with a promise of one where something must be waited for.
///
/// # Errors
/// Where the runtime gives no random bytes; it then answers 500 by itself.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "each further call across the border costs as much as an HMAC")]
pub fn answer(
    request: web_sys::Request,
    env: Env,
    context: &JsValue,
    method: &str,
    url: &str,
    request_id: JsValue,
    body: Vec<u8>,
    body_fault: u8,
) -> Result<JsValue, JsError> {
    let service = SERVICE.get_or_init(|| start(&env));
    let random = random::take()?;
    let read = request::read(service, &request, method, url, body, body_fault);
    let mut answer = Box::pin(async move {
        let now = UnixSeconds((js_sys::Date::now() / 1000.0) as u32);
        let address = || request::header(&request, "cf-connecting-ip");
        let inputs = Inputs {
            now,
            random,
            request_id: request_id.as_string().unwrap_or_default(),
            gateway_claims: None,
            caller_address: &address,
        };
        let answer = service.handle(&read, &inputs, &Runtime { env: &env }).await;
        answer.log.iter().for_each(log);
        let response = response::write(&answer.response, &request_id);
        (response, answer.is_refresh_due.then(|| refresh(service, now, env)))
    });
    // Most requests wait for nothing, and a promise costs as much as a token.
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready((response, rest)) => {
            go_on(context, rest);
            Ok(response)
        }
        Poll::Pending => {
            let context = context.clone();
            let answer = async move {
                let (response, rest) = answer.await;
                go_on(&context, rest);
                Ok(response)
            };
            Ok(future_to_promise(answer).into())
        }
    }
}

/// Does what no answer waits for.
fn go_on(context: &JsValue, rest: Option<impl Future<Output = ()> + 'static>) {
    if let Some(rest) = rest {
        let rest = async {
            rest.await;
            Ok(JsValue::UNDEFINED)
        };
        wait_until(context, &future_to_promise(rest));
    }
}

async fn refresh(service: &'static Service, now: UnixSeconds, env: Env) {
    if let Some(line) = service.refresh(now, &Runtime { env: &env }).await {
        log(&line);
    }
}

fn start(env: &Env) -> Service {
    let service = Service::new(|name| settings::setting(env, name));
    service.notices().iter().for_each(log);
    response::set_common();
    service
}

fn log(line: &LogLine) {
    match line.level() {
        Level::Info => console_log(line.as_str()),
        Level::Warning => console_warn(line.as_str()),
        Level::Error => console_error(line.as_str()),
    }
}
