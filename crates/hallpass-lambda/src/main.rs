//! Hallpass as an AWS Lambda function, behind an HTTP API (payload 2.0) or a Function URL.
//!
//! Knows the platform: events, the environment, the clock, random bytes.
//! Knows nothing of routes, status codes, policy or token formats.

mod event;

use std::time::{SystemTime, UNIX_EPOCH};

use hallpass_service::{Inputs, LogLine, Service};
use hallpass_token::UnixSeconds;
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use lambda_http::{Context, Error};
use zeroize::Zeroizing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let setting = |name: &str| std::env::var(name).ok();
    let service = Service::new(setting, |name| setting(name).map(Zeroizing::new));
    service.notices().iter().for_each(log);
    let service = &service;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<event::Event>| answer(service, event))).await
}

fn answer(service: &Service, event: LambdaEvent<event::Event>) -> Result<event::Response, Error> {
    let LambdaEvent { payload, context } = event;
    let inputs = inputs(&payload, &context)?;
    let answer = service.handle(&payload.into_request(), &inputs);
    answer.log.iter().for_each(log);
    Ok(answer.response.into())
}

fn inputs(event: &event::Event, context: &Context) -> Result<Inputs, Error> {
    let mut random = [0; Inputs::RANDOM_BYTES];
    getrandom::fill(&mut random)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(Inputs {
        now: UnixSeconds(u32::try_from(now)?),
        random,
        request_id: Some(context.request_id.clone()),
        caller_address: event.source_ip(),
    })
}

#[expect(clippy::print_stdout, reason = "what Lambda finds on standard output is the log")]
fn log(line: &LogLine) {
    println!("{}", line.as_str());
}
