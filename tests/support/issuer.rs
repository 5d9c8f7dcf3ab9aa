//! A local identity provider that publishes keys, counts requests, and simulates failures.
//!
//! The provider has tenants. Each tenant is an issuer with a different path. The path of the first tenant is empty.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Exchange, Server, StubResponse, lock, test_delay};

/// A running identity provider.
pub struct Issuer {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// The response to a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A document.
    Document(String),
    /// A document after a delay.
    Delayed(Duration, String),
    /// A document that never ends.
    Endless,
    /// An empty response with this status.
    Status(u16),
    /// A redirect to this URL.
    Redirect(String),
    /// A closed connection without a response.
    Close,
}

#[derive(Default)]
struct State {
    replies: BTreeMap<String, Reply>,
    fetches: BTreeMap<String, usize>,
    is_down: bool,
    is_holding: bool,
}

impl Issuer {
    /// Starts a provider without documents.
    ///
    /// # Errors
    /// Returns an error if no port is available.
    pub fn start() -> anyhow::Result<Self> {
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = Server::start(move |exchange| respond(&shared, exchange))?;
        Ok(Self { server, state })
    }

    /// Returns the host and the port of the provider.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Returns the issuer of a tenant, as in the claim `iss`.
    #[must_use]
    pub fn url(&self, tenant: &str) -> String {
        format!("http://{}{tenant}", self.server.address())
    }

    /// Publishes keys of a tenant, and a discovery document that refers to the keys.
    pub fn publish(&self, tenant: &str, keys: &Value) {
        let (issuer, jwks_uri) = (self.url(tenant), self.url(&jwks(tenant)));
        let discovery = json!({ "issuer": issuer, "jwks_uri": jwks_uri });
        self.reply(&discovery_path(tenant), Reply::Document(discovery.to_string()));
        self.reply(&jwks(tenant), Reply::Document(json!({ "keys": keys }).to_string()));
    }

    /// Sets the response for a path.
    pub fn reply(&self, path: &str, reply: Reply) {
        lock(&self.state).replies.insert(path.to_owned(), reply);
    }

    /// Sets whether the provider is down. A provider that is down closes every connection.
    pub fn set_down(&self, is_down: bool) {
        lock(&self.state).is_down = is_down;
    }

    /// Sets whether the provider holds its documents back. If `is_holding` is false, the provider sends the held
    /// documents.
    pub fn set_holding_documents(&self, is_holding: bool) {
        lock(&self.state).is_holding = is_holding;
    }

    /// Returns the number of requests for a path, including requests while the provider was down.
    #[must_use]
    pub fn fetches(&self, path: &str) -> usize {
        lock(&self.state).fetches.get(path).copied().unwrap_or_default()
    }

    /// Returns the number of requests for a tenant's keys.
    #[must_use]
    pub fn key_fetches(&self, tenant: &str) -> usize {
        self.fetches(&jwks(tenant))
    }
}

/// Returns the path of a tenant's keys.
#[must_use]
pub fn jwks(tenant: &str) -> String {
    format!("{tenant}/jwks")
}

/// Returns the path of a tenant's discovery document.
#[must_use]
pub fn discovery_path(tenant: &str) -> String {
    format!("{tenant}/.well-known/openid-configuration")
}

fn respond(state: &Mutex<State>, exchange: &Exchange<'_>) -> io::Result<()> {
    thread::sleep(test_delay());
    let path = &exchange.request.target;
    let reply = {
        let mut state = lock(state);
        *state.fetches.entry(path.clone()).or_default() += 1;
        if state.is_down { Some(Reply::Close) } else { state.replies.get(path).cloned() }
    };
    match reply.unwrap_or(Reply::Status(404)) {
        Reply::Document(document) => {
            while lock(state).is_holding && !exchange.is_ended() {
                exchange.wait(Duration::from_millis(20));
            }
            exchange.send(&StubResponse::new(200, "application/json", document))
        }
        Reply::Delayed(delay, document) => {
            exchange.wait(delay);
            exchange.send(&StubResponse::new(200, "application/json", document))
        }
        Reply::Endless => send_endlessly(exchange),
        Reply::Status(status) => exchange.send(&StubResponse::empty(status)),
        Reply::Redirect(location) => exchange.send(&StubResponse::empty(302).with("location", location)),
        Reply::Close => Ok(()),
    }
}

/// Sends a byte every 200 ms until the client disconnects.
fn send_endlessly(exchange: &Exchange<'_>) -> io::Result<()> {
    exchange.write(StubResponse::empty(200).head(Some(100_000)).as_bytes())?;
    exchange.write(b"{")?;
    while !exchange.is_ended() {
        exchange.wait(Duration::from_millis(200));
        exchange.write(b" ")?;
    }
    Ok(())
}
