//! Hallpass as a Cloudflare Worker.
//!
//! Knows the platform: bindings, the clock, random bytes, the JavaScript request and response.
//! Knows nothing of routes, status codes, policy or token formats.
//!
//! The border to JavaScript is the dear part: a call across it costs about as much as an HMAC. So the JavaScript
//! objects are used as they are. `worker::Request` would fetch things that nobody asked for, and would turn an
//! unknown method into GET.

mod request;
mod response;
mod settings;

use std::sync::OnceLock;

use hallpass_service::{Inputs, LogLine, Service};
use hallpass_token::UnixSeconds;
use worker::{Context, Env, Error, Result, console_error, event};

/// Lives as long as the isolate; requests leave no trace in it.
static SERVICE: OnceLock<Service> = OnceLock::new();

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> Result<web_sys::Response> {
    let service = SERVICE.get_or_init(|| start(&env));
    let inputs = inputs(&request)?;
    let request = request::read(&request, service).await;
    let answer = service.handle(&request, &inputs);
    answer.log.iter().for_each(log);
    response::write(answer.response)
}

fn start(env: &Env) -> Service {
    let service = Service::new(|name| settings::setting(env, name), |name| settings::secret(env, name));
    service.notices().iter().for_each(log);
    service
}

fn inputs(request: &web_sys::Request) -> Result<Inputs> {
    let mut random = [0; Inputs::RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| Error::RustError(error.to_string()))?;
    let headers = request.headers();
    let header = |name| headers.get(name).ok().flatten();
    Ok(Inputs {
        now: UnixSeconds((js_sys::Date::now() / 1000.0) as u32),
        random,
        request_id: header("cf-ray"),
        caller_address: header("cf-connecting-ip"),
    })
}

fn log(line: &LogLine) {
    console_error!("{}", line.as_str());
}
