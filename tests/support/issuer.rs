//! An identity provider on this machine: it publishes keys, counts who asks for them, and fails as it is told to.
//!
//! It has tenants, each an issuer of its own with a path; the first one has none.

use std::collections::BTreeMap;
use std::io;
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

/// What comes for a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A document.
    Document(String),
    /// A document, after this time.
    Late(Duration, String),
    /// The first bytes of a document whose end never comes.
    Endless,
    /// No document.
    Status(u16),
    /// The address of the document.
    Redirect(String),
    /// Nothing: the connection ends.
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
    /// Starts it; it knows no document.
    ///
    /// # Errors
    /// Where no port is free.
    pub fn start() -> anyhow::Result<Self> {
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = Server::start(move |exchange| answer(&shared, exchange))?;
        Ok(Self { server, state })
    }

    /// The issuer of a tenant, as `iss` names it.
    #[must_use]
    pub fn url(&self, tenant: &str) -> String {
        format!("http://{}{tenant}", self.server.address())
    }

    /// Has a tenant publish keys, with a discovery document that leads to them.
    pub fn publish(&self, tenant: &str, keys: &Value) {
        let (issuer, jwks_uri) = (self.url(tenant), self.url(&jwks(tenant)));
        let discovery = json!({ "issuer": issuer, "jwks_uri": jwks_uri });
        self.reply(&discovery_path(tenant), Reply::Document(discovery.to_string()));
        self.reply(&jwks(tenant), Reply::Document(json!({ "keys": keys }).to_string()));
    }

    /// Has it give this reply for a path.
    pub fn reply(&self, path: &str, reply: Reply) {
        lock(&self.state).replies.insert(path.to_owned(), reply);
    }

    /// Has it close every connection, or answer again.
    pub fn set_down(&self, is_down: bool) {
        lock(&self.state).is_down = is_down;
    }

    /// Has it hold back its documents, or send them, also those that it has held back.
    pub fn set_holding_documents(&self, is_holding: bool) {
        lock(&self.state).is_holding = is_holding;
    }

    /// How often a path was asked for, also while it was down.
    #[must_use]
    pub fn fetches(&self, path: &str) -> usize {
        lock(&self.state).fetches.get(path).copied().unwrap_or_default()
    }

    /// How often the keys of a tenant were asked for.
    #[must_use]
    pub fn key_fetches(&self, tenant: &str) -> usize {
        self.fetches(&jwks(tenant))
    }
}

/// The path of a tenant's keys.
#[must_use]
pub fn jwks(tenant: &str) -> String {
    format!("{tenant}/jwks")
}

/// The path of a tenant's discovery document.
#[must_use]
pub fn discovery_path(tenant: &str) -> String {
    format!("{tenant}/.well-known/openid-configuration")
}

fn answer(state: &Mutex<State>, exchange: &Exchange<'_>) -> io::Result<()> {
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
        Reply::Late(after, document) => {
            exchange.wait(after);
            exchange.send(&StubResponse::new(200, "application/json", document))
        }
        Reply::Endless => endless_to(exchange),
        Reply::Status(status) => exchange.send(&StubResponse::empty(status)),
        Reply::Redirect(location) => exchange.send(&StubResponse::empty(302).with("location", location)),
        Reply::Close => Ok(()),
    }
}

/// A byte now and then, until the other side has had enough.
fn endless_to(exchange: &Exchange<'_>) -> io::Result<()> {
    exchange.write(StubResponse::empty(200).head(Some(100_000)).as_bytes())?;
    exchange.write(b"{")?;
    while !exchange.is_ended() {
        exchange.wait(Duration::from_millis(200));
        exchange.write(b" ")?;
    }
    Ok(())
}
