//! Hallpass as an AWS Lambda function, behind an HTTP API (payload 2.0) or a Function URL.
//!
//! Knows the platform: events, the environment, the clock, random bytes.
//! Knows nothing of routes, status codes, policy or token formats.

mod event;

use std::time::{SystemTime, UNIX_EPOCH};

use hallpass_lambda::{Native, TimeLimitFactor, store};
use hallpass_service::{Inputs, LogLine, Platform, Service};
use hallpass_token::UnixSeconds;
use lambda_http::Error;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let setting = |name: &str| std::env::var(name).ok();
    let factor = TimeLimitFactor::from_settings(setting).map_err(|error| error.to_string())?;
    let service = Service::new(setting);
    service.notices().iter().for_each(log);
    let native = Native::new(store(setting, factor), factor);
    // The platform gives the start more of the processor than a request.
    service.refresh(now()?, &native).await.iter().for_each(log);
    let (service, native) = (&service, &native);
    lambda_runtime::run(service_fn(|event: LambdaEvent<event::Event>| answer(service, native, event))).await
}

async fn answer(
    service: &Service,
    native: &impl Platform,
    event: LambdaEvent<event::Event>,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let LambdaEvent { payload, context } = event;
    let mut random = [0; Inputs::RANDOM_BYTES];
    getrandom::fill(&mut random)?;
    let (source_ip, gateway_claims) = (payload.source_ip(), payload.gateway_claims());
    let inputs = Inputs {
        now: now()?,
        random,
        request_id: payload.request_id().unwrap_or(context.request_id),
        gateway_claims: gateway_claims.as_deref(),
        caller_address: &|| source_ip.clone(),
    };
    let answer = service.handle(&payload.into_request(), &inputs, native).await;
    answer.log.iter().for_each(log);
    Ok(event::from_response(answer.response))
}

fn now() -> Result<UnixSeconds, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(UnixSeconds(u32::try_from(now)?))
}

#[expect(clippy::print_stdout, reason = "what Lambda finds on standard output is the log")]
fn log(line: &LogLine) {
    println!("{}", line.as_str());
}
