//! The service in the process of the test, without a deployment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use hallpass_lambda::{LambdaPlatform, SecretStore, SettingsStore, TimeLimitFactor};
use hallpass_service::{
    Body, Headers, LogLine, Outcome, Request as ServiceRequest, RequestContext, Service, with_common_headers,
};
use hallpass_token::UnixSeconds;
use http::Method;

use super::redirect::Redirect;
use super::{Request, Response, Target};
use crate::deployment::{Deployment, TimeLimits};

/// The service in memory, with a clock that is stopped until a test advances it.
pub struct Memory<S = Box<dyn SecretStore>> {
    service: Arc<Service>,
    platform: LambdaPlatform<S>,
    clock: Arc<AtomicU32>,
    time_limits: TimeLimits,
    redirect: Option<String>,
    sent: usize,
    log: String,
}

impl Memory {
    /// The initial Unix time of the clock.
    pub const START: UnixSeconds = UnixSeconds(1_700_000_000);

    /// Creates the service of a deployment.
    #[must_use]
    pub fn start(deployment: impl Into<Deployment>) -> Self {
        let Deployment { variables, time_limits, redirect, .. } = deployment.into();
        let setting = move |name: &str| {
            variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let memory = Self::load(setting.clone(), Box::new(SettingsStore(setting)), time_limits);
        Self { redirect, ..memory }
    }

    /// Creates a service that reads settings and secrets with this function.
    #[must_use]
    pub fn with_settings(setting: impl Fn(&str) -> Option<String> + Clone + 'static) -> Self {
        Self::with_store(setting.clone(), Box::new(SettingsStore(setting)))
    }
}

impl<S: SecretStore> Memory<S> {
    /// Creates a service with these settings and this secret store. The secrets are loaded before the first request.
    #[must_use]
    pub fn with_store(setting: impl Fn(&str) -> Option<String>, store: S) -> Self {
        Self::load(setting, store, TimeLimits::default())
    }

    fn load(setting: impl Fn(&str) -> Option<String>, store: S, time_limits: TimeLimits) -> Self {
        let (service, clock) = (Service::new(setting), AtomicU32::new(Memory::START.0));
        let mut memory = Self::new(Arc::new(service), store, Arc::new(clock), time_limits);
        let notices = memory.service.notices();
        memory.append_log(&notices);
        let line = block_on(memory.service.refresh(memory.now(), &memory.platform));
        memory.append_log(line.as_slice());
        memory
    }

    /// Returns a handle to the same service and clock for another thread, with its own secret store and log.
    #[must_use]
    pub fn clone_with_store<T: SecretStore>(&self, store: T) -> Memory<T> {
        Memory::new(Arc::clone(&self.service), store, Arc::clone(&self.clock), self.time_limits)
    }

    fn new(service: Arc<Service>, store: S, clock: Arc<AtomicU32>, time_limits: TimeLimits) -> Self {
        let platform = LambdaPlatform::new(store, time_limits.factor());
        Self { service, platform, clock, time_limits, redirect: None, sent: 0, log: String::new() }
    }

    /// Advances the clock.
    pub fn advance_clock(&self, seconds: u32) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Sets the clock back by this number of seconds.
    pub fn rewind_clock(&self, seconds: u32) {
        self.clock.fetch_sub(seconds, Ordering::Relaxed);
    }

    /// Returns the log, and clears it.
    pub fn take_log(&mut self) -> String {
        std::mem::take(&mut self.log)
    }

    fn now(&self) -> UnixSeconds {
        UnixSeconds(self.clock.load(Ordering::Relaxed))
    }

    fn append_log(&mut self, lines: &[LogLine]) {
        for line in lines {
            self.log.push_str(line.as_str());
            self.log.push('\n');
        }
    }
}

impl TimeLimits {
    /// The factor of [`TimeLimits::Extended`].
    pub(super) const EXTENDED_FACTOR: u32 = 20;

    /// Returns the factor by which the time limits of production are multiplied.
    #[must_use]
    pub fn factor(self) -> TimeLimitFactor {
        let factor = match self {
            Self::Extended => TimeLimitFactor::new(Self::EXTENDED_FACTOR),
            Self::Production => None,
        };
        factor.unwrap_or_default()
    }
}

impl<S> std::fmt::Debug for Memory<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.service.fmt(f)
    }
}

impl<S: SecretStore> Target for Memory<S> {
    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        let (path, query) = request.path_and_query();
        let method = Method::from_bytes(request.method.as_bytes())?;
        // Other headers are omitted, as the Worker omits these headers.
        let mut headers = Headers::default();
        for (name, value) in &request.headers {
            if self.service.headers_read(&method, path).any(|read| read == name) {
                headers.push(name.clone(), value.clone());
            }
        }
        let service_request = ServiceRequest {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Body::from_bytes(request.body.clone()),
        };
        self.sent += 1;
        let context = RequestContext {
            now: self.now(),
            random: std::array::from_fn(|position| u8::try_from(position).unwrap_or(u8::MAX)),
            request_id: format!("in-memory-{}", self.sent),
            gateway_claims: request.gateway_claims.clone(),
            caller_address: &|| Some("192.0.2.1".to_owned()),
        };
        let platform = Redirect { platform: &self.platform, address: self.redirect.as_deref() };
        let outcome = block_on(self.service.handle(&service_request, &context, &platform));
        let Outcome { response, log, .. } = outcome;
        self.append_log(&log);
        Ok(with_common_headers(response, &context.request_id).into())
    }

    fn redirects(&self) -> bool {
        true
    }

    fn log(&self) -> anyhow::Result<String> {
        Ok(self.log.clone())
    }

    fn clock(&self) -> u64 {
        self.now().0.into()
    }
}

/// Polls a future until it completes. The platform's functions block, so a future is pending only briefly.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}
