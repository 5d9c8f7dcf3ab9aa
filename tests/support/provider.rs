//! Local versions of the providers' REST APIs. The local versions check credentials as Agora and VideoSDK do, record
//! requests, and simulate faults.

pub mod agora;
pub mod cross_check;
mod date;
mod fault;
#[cfg(test)]
mod requests;
pub mod videosdk;

use std::fmt::{Debug, Display};
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use hallpass_token::UnixSeconds;

pub use self::agora::Agora;
use self::cross_check::Credential;
pub use self::fault::{FailingRequests, Fault};
pub use self::videosdk::Videosdk;
use crate::http_client::Client;
pub use crate::server::StubResponse;
use crate::server::{Exchange, Server, lock, test_delay};
use crate::target::{Request, Response, Target};

/// The behavior and data of a provider.
pub trait Api: Send + 'static {
    /// An authenticated caller.
    type Caller: Clone + Debug + PartialEq + Send;
    /// The reason why credentials are rejected.
    type Rejection: Clone + Debug + Display + PartialEq + Send;

    /// Authenticates the caller.
    ///
    /// # Errors
    /// Returns an error if the credentials are missing or invalid.
    fn authenticate(&self, request: &Request, now: UnixSeconds) -> Result<Self::Caller, Self::Rejection>;

    /// Executes a request, and returns the response.
    fn execute(
        &mut self,
        request: &Request,
        caller: &Result<Self::Caller, Self::Rejection>,
        now: UnixSeconds,
    ) -> StubResponse;

    /// Returns the provider's error response with this status.
    fn error(request: &Request, status: u16) -> StubResponse;

    /// Returns the request's credentials for [`cross_check::check`], or `None` if the request has no credentials.
    fn credential(&self, request: &RecordedRequest<Self>) -> Option<Credential>
    where
        Self: Sized;
}

/// A running provider.
pub struct Provider<A: Api> {
    server: Server,
    redirect_target: Server,
    state: Arc<Mutex<State<A>>>,
    redirected: Arc<Mutex<Vec<Request>>>,
}

/// A request that the provider has received, whether or not its credentials are valid.
pub struct RecordedRequest<A: Api> {
    /// The request.
    pub request: Request,
    /// The time of the request, by the provider's clock.
    pub at: UnixSeconds,
    /// The caller, or the reason why the credentials were rejected.
    pub caller: Result<A::Caller, A::Rejection>,
}

struct State<A: Api> {
    api: A,
    clock: Option<UnixSeconds>,
    failing: Option<(FailingRequests, Fault)>,
    requests: Vec<RecordedRequest<A>>,
    has_delayed: bool,
}

impl<A: Api> Provider<A> {
    /// Starts a provider.
    ///
    /// # Errors
    /// Returns an error if no port is available.
    pub fn start(api: A) -> anyhow::Result<Self> {
        let redirected = Arc::<Mutex<Vec<Request>>>::default();
        let shared = Arc::clone(&redirected);
        let redirect_target = Server::start(move |exchange| {
            lock(&shared).push(exchange.request.clone());
            exchange.send(&StubResponse::json(200, &serde_json::json!({})))
        })?;
        let state = Arc::new(Mutex::new(State {
            api,
            clock: None,
            failing: None,
            requests: Vec::new(),
            has_delayed: false,
        }));
        let shared = Arc::clone(&state);
        let redirect_url = format!("http://{}", redirect_target.address());
        let server = Server::start(move |exchange| respond(&shared, exchange, &redirect_url))?;
        Ok(Self { server, redirect_target, state, redirected })
    }

    /// Returns the base URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Sends a request to the provider, like a customer's server.
    ///
    /// # Errors
    /// Returns an error if there is no response.
    pub fn send(&self, request: &Request) -> anyhow::Result<Response> {
        Client::new().send_to(&self.server.address().to_string(), request)
    }

    /// Returns the base URL to which [`Fault::Redirect`] redirects.
    #[must_use]
    pub fn redirect_url(&self) -> String {
        format!("http://{}", self.redirect_target.address())
    }

    /// Returns the requests that followed a redirect.
    #[must_use]
    pub fn redirected_requests(&self) -> Vec<Request> {
        lock(&self.redirected).clone()
    }

    /// Returns the received requests in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest<A>> {
        lock(&self.state).requests.clone()
    }

    /// Returns the credentials of the received requests, for [`cross_check::check`].
    #[must_use]
    pub fn credentials(&self) -> Vec<Credential> {
        let state = lock(&self.state);
        state.requests.iter().filter_map(|request| state.api.credential(request)).collect()
    }

    /// Clears the recorded requests.
    pub fn clear_requests(&self) {
        lock(&self.state).requests.clear();
        lock(&self.redirected).clear();
    }

    /// Reads or changes the provider's data.
    pub fn with<T>(&self, action: impl FnOnce(&mut A) -> T) -> T {
        action(&mut lock(&self.state).api)
    }

    /// Stops the provider's clock at this time. With `None`, the provider uses the machine's clock.
    pub fn set_clock(&self, clock: Option<UnixSeconds>) {
        lock(&self.state).clock = clock;
    }

    /// Sets the provider's clock to the clock of a deployment.
    pub fn follow_clock(&self, target: &impl Target) {
        let clock = (!target.has_real_clock()).then(|| UnixSeconds(target.clock() as u32));
        self.set_clock(clock);
    }

    /// Injects a fault into these requests. Replaces an earlier fault.
    pub fn fail(&self, which: FailingRequests, fault: Fault) {
        lock(&self.state).failing = Some((which, fault));
    }

    /// Removes the fault.
    pub fn recover(&self) {
        lock(&self.state).failing = None;
    }

    /// Starts or stops listening on the same port. A provider that does not listen refuses connections.
    ///
    /// # Errors
    /// Returns an error if another program uses the port.
    pub fn set_listening(&self, is_listening: bool) -> anyhow::Result<()> {
        self.server.set_listening(is_listening)
    }
}

fn respond<A: Api>(state: &Mutex<State<A>>, exchange: &Exchange<'_>, redirect_url: &str) -> io::Result<()> {
    let request = &exchange.request;
    // Only the first response is delayed, because a provider gets hundreds of requests.
    if !std::mem::replace(&mut lock(state).has_delayed, true) {
        thread::sleep(test_delay());
    }
    let (fault, response) = {
        let mut state = lock(state);
        let now = state.clock.unwrap_or_else(machine_clock);
        let caller = state.api.authenticate(request, now);
        state.requests.push(RecordedRequest { request: request.clone(), at: now, caller: caller.clone() });
        let fault = state.fault_of(request);
        let is_executed = fault.as_ref().is_none_or(Fault::is_executed);
        (fault, is_executed.then(|| state.api.execute(request, &caller, now)))
    };
    match fault {
        Some(fault) => fault.inject(exchange, response, &|status| A::error(request, status), redirect_url),
        None => response.map_or(Ok(()), |response| exchange.send(&response)),
    }
}

/// A derived implementation would require that the provider implements `Clone`.
impl<A: Api> Clone for RecordedRequest<A> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), at: self.at, caller: self.caller.clone() }
    }
}

impl<A: Api> State<A> {
    fn fault_of(&mut self, request: &Request) -> Option<Fault> {
        let (which, fault) = self.failing.as_mut()?;
        which.includes(request).then(|| fault.clone())
    }
}

fn machine_clock() -> UnixSeconds {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    UnixSeconds(u32::try_from(now).unwrap_or(u32::MAX))
}
