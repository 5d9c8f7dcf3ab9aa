//! An identity provider on this machine: it publishes keys, counts who asks for them, and fails as it is told to.
//!
//! It has tenants, each an issuer of its own with a path; the first one has none.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// A running identity provider.
pub struct Issuer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: Option<JoinHandle<()>>,
}

/// What comes for a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A document.
    Document(String),
    /// The same, after this time.
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
    is_ended: bool,
}

impl Issuer {
    /// Starts it; it knows no document.
    ///
    /// # Errors
    /// Where no port is free.
    pub fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if lock(&shared).is_ended {
                    break;
                }
                let state = Arc::clone(&shared);
                // Whoever hangs up gets no answer.
                thread::spawn(move || answer(&state, &connection));
            }
        });
        Ok(Self { address, state, server: Some(server) })
    }

    /// The issuer of a tenant, as `iss` names it.
    #[must_use]
    pub fn url(&self, tenant: &str) -> String {
        format!("http://{}{tenant}", self.address)
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

impl Drop for Issuer {
    fn drop(&mut self) {
        lock(&self.state).is_ended = true;
        // It waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
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

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the one request of a connection.
fn answer(state: &Mutex<State>, mut connection: &TcpStream) -> Option<()> {
    let mut lines = BufReader::new(connection).lines();
    let first = lines.next()?.ok()?;
    lines.find(|line| line.as_ref().map_or(true, String::is_empty));
    let path = first.split(' ').nth(1)?;
    let reply = {
        let mut state = lock(state);
        *state.fetches.entry(path.to_owned()).or_default() += 1;
        if state.is_down { Some(Reply::Close) } else { state.replies.get(path).cloned() }
    };
    match reply.unwrap_or(Reply::Status(404)) {
        Reply::Document(document) => document_to(connection, &document),
        Reply::Late(after, document) => {
            thread::sleep(after);
            document_to(connection, &document)
        }
        Reply::Endless => endless_to(state, connection),
        Reply::Status(status) => {
            write!(connection, "HTTP/1.1 {status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()
        }
        Reply::Redirect(location) => {
            let head = "content-length: 0\r\nconnection: close";
            write!(connection, "HTTP/1.1 302 Found\r\nlocation: {location}\r\n{head}\r\n\r\n").ok()
        }
        Reply::Close => Some(()),
    }
}

fn document_to(mut connection: impl Write, document: &str) -> Option<()> {
    let length = document.len();
    let head = format!("content-type: application/json\r\ncontent-length: {length}\r\nconnection: close");
    write!(connection, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{document}").ok()
}

/// A byte now and then, until the other side has had enough.
fn endless_to(state: &Mutex<State>, mut connection: impl Write) -> Option<()> {
    write!(connection, "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{{").ok()?;
    while !lock(state).is_ended {
        thread::sleep(Duration::from_millis(200));
        connection.write_all(b" ").and_then(|()| connection.flush()).ok()?;
    }
    Some(())
}
