//! Hallpass as an AWS Lambda function, behind an HTTP API (payload format 2.0) or a Function URL.
//!
//! This crate handles the platform: events, the environment, the clock, and random bytes. Routes, status codes, policy and
//! token formats belong to `hallpass-service`.

mod event;

use std::time::{SystemTime, UNIX_EPOCH};

use hallpass_lambda::{LambdaPlatform, TimeLimitFactor, secret_store};
use hallpass_service::{LogLine, Platform, RequestContext, Service, with_common_headers};
use hallpass_token::UnixSeconds;
use lambda_http::Error;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::event::Event;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let setting = |name: &str| std::env::var(name).ok();
    let factor = TimeLimitFactor::from_settings(setting).map_err(|error| error.to_string())?;
    let service = Service::new(setting);
    service.notices().iter().for_each(log);
    let platform = LambdaPlatform::new(secret_store(setting, factor), factor);
    // The secrets are loaded during the start, because Lambda allocates more CPU to the start than to a request.
    service.refresh(now()?, &platform).await.iter().for_each(log);
    let (service, platform) = (&service, &platform);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| handle(service, platform, event)))
        .await
}

async fn handle(
    service: &Service,
    platform: &dyn Platform,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let LambdaEvent { payload, context } = event;
    // The event is parsed here, because the runtime would log the parser's error, which can contain a part of the event.
    let Ok(event) = serde_json::from_str::<Event>(payload.get()) else { return Err(unsupported(&payload)) };
    let mut random = [0; RequestContext::RANDOM_BYTES];
    getrandom::fill(&mut random)?;
    let (request, gateway) = event.into_parts();
    let context = RequestContext {
        now: now()?,
        random,
        request_id: gateway.request_id.unwrap_or(context.request_id),
        gateway_claims: gateway.claims,
        caller_address: &|| gateway.source_ip.clone(),
    };
    let outcome = service.handle(&request, &context, platform).await;
    outcome.log.iter().for_each(log);
    let response = with_common_headers(outcome.response, &context.request_id);
    Ok(event::from_response(response.into()))
}

/// Logs an event that is not a supported request, and returns the error of the invocation.
#[cold]
#[expect(clippy::print_stdout, reason = "Lambda's log is the standard output")]
fn unsupported(event: &RawValue) -> Error {
    let error = event::unsupported::error(event.get());
    println!(r#"{{"level":"ERROR","event":"unsupported_event","message":{}}}"#, Value::from(error.as_str()));
    error.into()
}

fn now() -> Result<UnixSeconds, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(UnixSeconds(u32::try_from(now)?))
}

#[expect(clippy::print_stdout, reason = "Lambda's log is the standard output")]
fn log(line: &LogLine) {
    println!("{}", line.as_str());
}
