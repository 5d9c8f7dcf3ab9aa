//! The service in this process, without a platform.

use std::task::{Context, Poll, Waker};

use hallpass_lambda::Native;
use hallpass_service::{Body, Inputs, Request as ServiceRequest, Service};
use hallpass_token::UnixSeconds;
use http::{HeaderName, HeaderValue, Method};
use zeroize::Zeroizing;

use super::{Request, Response, Target};
use crate::Setup;

/// The service, with a clock that stands still.
pub struct Memory {
    service: Service,
    native: Native,
}

const NOW: u32 = 1_700_000_000;

impl Memory {
    /// Makes the service.
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        let value = |name: &str| setup.variables().find(|(known, _)| *known == name).map(|(_, value)| value);
        Self::with_settings(|name| value(name).map(str::to_owned))
    }

    /// Makes the service of settings and secrets that are kept in one place.
    #[must_use]
    pub fn with_settings(setting: impl Fn(&str) -> Option<String>) -> Self {
        let service = Service::new(&setting, |name| setting(name).map(Zeroizing::new));
        Self { service, native: Native::default() }
    }
}

impl Target for Memory {
    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        let (path, query) = request.path_and_query();
        let mut headers = http::HeaderMap::new();
        for (name, value) in &request.headers {
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
        }
        let request = ServiceRequest {
            method: Method::from_bytes(request.method.as_bytes())?,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Body::from_bytes(request.body.clone()),
        };
        let inputs = Inputs {
            now: UnixSeconds(NOW),
            random: [7; Inputs::RANDOM_BYTES],
            request_id: "in-memory".to_owned(),
            gateway_claims: None,
            caller_address: &|| None,
        };
        Ok(at_once(self.service.handle(&request, &inputs, &self.native)).response)
    }

    fn clock(&self) -> u64 {
        NOW.into()
    }
}

/// What a future comes to that never waits: this machine blocks instead.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}
