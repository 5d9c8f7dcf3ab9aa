//! The providers on this machine: REST APIs that check credentials as Agora and VideoSDK do, remember who called, and
//! fail as they are told to.

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

/// What one provider knows and does.
pub trait Api: Send + 'static {
    /// Whom it takes a caller for.
    type Caller: Clone + Debug + PartialEq + Send;
    /// Why it takes a caller for nobody.
    type Rejection: Clone + Debug + Display + PartialEq + Send;

    /// Finds out who calls.
    ///
    /// # Errors
    /// What is wrong with the credentials.
    fn authenticate(&self, request: &Request, now: UnixSeconds) -> Result<Self::Caller, Self::Rejection>;

    /// Carries out a request.
    fn answer(
        &mut self,
        request: &Request,
        caller: &Result<Self::Caller, Self::Rejection>,
        now: UnixSeconds,
    ) -> StubResponse;

    /// What it answers to this request when it fails with this status.
    fn error(request: &Request, status: u16) -> StubResponse;

    /// The same credentials for somebody else to check; `None` where there are none.
    fn credential(&self, seen: &RecordedRequest<Self>) -> Option<Credential>
    where
        Self: Sized;
}

/// A running provider.
pub struct Provider<A: Api> {
    server: Server,
    elsewhere: Server,
    state: Arc<Mutex<State<A>>>,
    redirected: Arc<Mutex<Vec<Request>>>,
}

/// A request that came, whatever became of it.
pub struct RecordedRequest<A: Api> {
    /// The request.
    pub request: Request,
    /// When it came, by the clock of the provider.
    pub at: UnixSeconds,
    /// Who called, or what was wrong with the credentials.
    pub caller: Result<A::Caller, A::Rejection>,
}

struct State<A: Api> {
    api: A,
    clock: Option<UnixSeconds>,
    failing: Option<(FailingRequests, Fault)>,
    seen: Vec<RecordedRequest<A>>,
    has_delayed: bool,
}

impl<A: Api> Provider<A> {
    /// Starts it.
    ///
    /// # Errors
    /// Where no port is free.
    pub fn start(api: A) -> anyhow::Result<Self> {
        let redirected = Arc::<Mutex<Vec<Request>>>::default();
        let shared = Arc::clone(&redirected);
        let elsewhere = Server::start(move |exchange| {
            lock(&shared).push(exchange.request.clone());
            exchange.send(&StubResponse::json(200, &serde_json::json!({})))
        })?;
        let state = Arc::new(Mutex::new(State {
            api,
            clock: None,
            failing: None,
            seen: Vec::new(),
            has_delayed: false,
        }));
        let shared = Arc::clone(&state);
        let other = format!("http://{}", elsewhere.address());
        let server = Server::start(move |exchange| answer(&shared, exchange, &other))?;
        Ok(Self { server, elsewhere, state, redirected })
    }

    /// The base of its URLs, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Sends it a request, as a server of the customer does.
    ///
    /// # Errors
    /// Where there is no answer.
    pub fn send(&self, request: &Request) -> anyhow::Result<Response> {
        Client::new().send_to(&self.server.address().to_string(), request)
    }

    /// The base of the URLs that [`Fault::Redirect`] leads to.
    #[must_use]
    pub fn redirect_url(&self) -> String {
        format!("http://{}", self.elsewhere.address())
    }

    /// The requests that came there: whoever does not follow redirects leaves none.
    #[must_use]
    pub fn redirected_requests(&self) -> Vec<Request> {
        lock(&self.redirected).clone()
    }

    /// The requests that came, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest<A>> {
        lock(&self.state).seen.clone()
    }

    /// What came with them, for [`cross_check::check`].
    #[must_use]
    pub fn credentials(&self) -> Vec<Credential> {
        let state = lock(&self.state);
        state.seen.iter().filter_map(|seen| state.api.credential(seen)).collect()
    }

    /// Forgets the requests that came.
    pub fn clear_requests(&self) {
        lock(&self.state).seen.clear();
        lock(&self.redirected).clear();
    }

    /// Looks at what it keeps, or changes it.
    pub fn with<T>(&self, action: impl FnOnce(&mut A) -> T) -> T {
        action(&mut lock(&self.state).api)
    }

    /// Has its clock stand still at this time; `None` is the clock of this machine.
    pub fn set_clock(&self, clock: Option<UnixSeconds>) {
        lock(&self.state).clock = clock;
    }

    /// Sets its clock to that of a deployment, unless both are the clock of this machine.
    pub fn follow_clock(&self, target: &impl Target) {
        let clock = (!target.has_real_clock()).then(|| UnixSeconds(target.clock() as u32));
        self.set_clock(clock);
    }

    /// Has these requests fail, in place of those that failed before.
    pub fn fail(&self, which: FailingRequests, fault: Fault) {
        lock(&self.state).failing = Some((which, fault));
    }

    /// Has it work as it should.
    pub fn recover(&self) {
        lock(&self.state).failing = None;
    }

    /// Has nobody listen on its port, or the provider again.
    ///
    /// # Errors
    /// Where somebody else has taken the port in the meantime.
    pub fn set_listening(&self, is_listening: bool) -> anyhow::Result<()> {
        self.server.set_listening(is_listening)
    }
}

fn answer<A: Api>(state: &Mutex<State<A>>, exchange: &Exchange<'_>, elsewhere: &str) -> io::Result<()> {
    let request = &exchange.request;
    // Each provider is asked hundreds of times; one late response shows what all of them would.
    if !std::mem::replace(&mut lock(state).has_delayed, true) {
        thread::sleep(test_delay());
    }
    let (fault, right) = {
        let mut state = lock(state);
        let now = state.clock.unwrap_or_else(machine_clock);
        let caller = state.api.authenticate(request, now);
        state.seen.push(RecordedRequest { request: request.clone(), at: now, caller: caller.clone() });
        let fault = state.fault_of(request);
        let is_executed = fault.as_ref().is_none_or(Fault::is_executed);
        (fault, is_executed.then(|| state.api.answer(request, &caller, now)))
    };
    match fault {
        Some(fault) => fault.inject(exchange, right, &|status| A::error(request, status), elsewhere),
        None => right.map_or(Ok(()), |right| exchange.send(&right)),
    }
}

/// Derived, it would ask for a provider that can be cloned.
impl<A: Api> Clone for RecordedRequest<A> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), at: self.at, caller: self.caller.clone() }
    }
}

impl<A: Api> State<A> {
    fn fault_of(&mut self, request: &Request) -> Option<Fault> {
        let (which, fault) = self.failing.as_mut()?;
        which.counts(request).then(|| fault.clone())
    }
}

fn machine_clock() -> UnixSeconds {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    UnixSeconds(u32::try_from(now).unwrap_or(u32::MAX))
}
