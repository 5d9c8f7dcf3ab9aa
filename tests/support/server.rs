//! A small HTTP/1.1 server on this machine. Each connection has its own thread and carries one request.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::StatusCode;

use crate::process::ReservedAddress;
use crate::target::Request;
use crate::wait::DEADLINE;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StubResponse {
    /// The status.
    pub status: u16,
    /// The headers, except `Connection` and `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A running server.
pub(crate) struct Server {
    address: SocketAddr,
    handler: Handler,
    is_ended: Arc<AtomicBool>,
    acceptor: Mutex<Option<Acceptor>>,
    _reserved: ReservedAddress,
}

/// A request, and the connection for its response.
pub(crate) struct Exchange<'a> {
    pub(crate) request: Request,
    connection: &'a TcpStream,
    is_ended: &'a AtomicBool,
}

/// A function that responds to a request. The function's errors are ignored, because an error means that the client has
/// disconnected.
type Handler = Arc<dyn Fn(&Exchange<'_>) -> io::Result<()> + Send + Sync>;

struct Acceptor {
    address: SocketAddr,
    is_closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on a port that the operating system chooses.
    pub(crate) fn start(
        handler: impl Fn(&Exchange<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        // The port stays reserved while the server does not listen.
        let reserved = ReservedAddress::new()?;
        let listener = TcpListener::bind(&*reserved)?;
        let server = Self {
            address: listener.local_addr()?,
            handler: Arc::new(handler),
            is_ended: Arc::default(),
            acceptor: Mutex::default(),
            _reserved: reserved,
        };
        *lock(&server.acceptor) = Some(server.accept(listener));
        Ok(server)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts or stops listening on the same port. A server that does not listen refuses connections.
    pub(crate) fn set_listening(&self, is_listening: bool) -> anyhow::Result<()> {
        let mut acceptor = lock(&self.acceptor);
        if !is_listening {
            *acceptor = None;
        } else if acceptor.is_none() {
            let listener = TcpListener::bind(self.address)
                .with_context(|| format!("another program uses {}", self.address))?;
            *acceptor = Some(self.accept(listener));
        }
        Ok(())
    }

    fn accept(&self, listener: TcpListener) -> Acceptor {
        let is_closed = Arc::<AtomicBool>::default();
        let (handler, is_ended) = (Arc::clone(&self.handler), Arc::clone(&self.is_ended));
        let should_stop = Arc::clone(&is_closed);
        let thread = thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if should_stop.load(Ordering::Relaxed) {
                    break;
                }
                let (handler, is_ended) = (Arc::clone(&handler), Arc::clone(&is_ended));
                thread::spawn(move || {
                    let request = read(&connection)?;
                    handler(&Exchange { request, connection: &connection, is_ended: &is_ended })
                });
            }
        });
        Acceptor { address: self.address, is_closed, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Relaxed);
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        // The thread waits for a connection, so this connection allows the thread to end.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Exchange<'_> {
    /// Sends a complete response.
    pub(crate) fn send(&self, response: &StubResponse) -> io::Result<()> {
        let head = response.head(Some(response.body.len()));
        self.write(&[head.as_bytes(), &response.body].concat())
    }

    /// Sends bytes of a response.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut connection = self.connection;
        connection.write_all(bytes)?;
        connection.flush()
    }

    /// Waits for this time, or until the server ends.
    pub(crate) fn wait(&self, time: Duration) {
        let started = Instant::now();
        while !self.is_ended() && started.elapsed() < time {
            thread::sleep(time.saturating_sub(started.elapsed()).min(Duration::from_millis(50)));
        }
    }

    /// Returns whether the server has ended.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Relaxed)
    }
}

impl StubResponse {
    /// Creates a response with a body.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// Creates a response with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// Creates a response without a body.
    #[must_use]
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the status line and the headers. Without a length, the body ends when the connection closes.
    pub(crate) fn head(&self, length: Option<usize>) -> String {
        let status = StatusCode::from_u16(self.status).ok();
        let reason = status.and_then(|status| status.canonical_reason()).unwrap_or_default();
        let mut head = format!("HTTP/1.1 {} {reason}\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(length) = length {
            head.push_str(&format!("content-length: {length}\r\n"));
        }
        head + "\r\n"
    }
}

/// Returns the delay of each response of issuers, providers and secret stores: `HALLPASS_TEST_DELAY_MS`, by default 0.
/// A run with a delay shows that no test depends on the speed of the machine.
pub(crate) fn test_delay() -> Duration {
    let milliseconds = std::env::var("HALLPASS_TEST_DELAY_MS").ok().and_then(|value| value.parse().ok());
    Duration::from_millis(milliseconds.unwrap_or(0))
}

/// Locks a mutex, even if another thread has panicked while holding the lock.
pub(crate) fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(connection: &TcpStream) -> io::Result<Request> {
    connection.set_read_timeout(Some(DEADLINE))?;
    connection.set_write_timeout(Some(DEADLINE))?;
    let mut reader = BufReader::new(connection);
    let request_line = read_line(&mut reader)?;
    let mut parts = request_line.split(' ').map(str::to_owned);
    let mut request = Request {
        method: parts.next().unwrap_or_default(),
        target: parts.next().unwrap_or_default(),
        ..Request::default()
    };
    loop {
        let line = read_line(&mut reader)?;
        let Some((name, value)) = line.split_once(':') else { break };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    if request.header("transfer-encoding").is_some() {
        read_chunks(&mut reader, &mut request.body)?;
    } else {
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        reader.take(length).read_to_end(&mut request.body)?;
    }
    Ok(request)
}

fn read_chunks(reader: &mut BufReader<&TcpStream>, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let length = u64::from_str_radix(&read_line(reader)?, 16).map_err(io::Error::other)?;
        reader.by_ref().take(length).read_to_end(body)?;
        read_line(reader)?;
        if length == 0 {
            return Ok(());
        }
    }
}

/// Reads a line without its end. Returns an error if the client has closed the connection.
fn read_line(reader: &mut BufReader<&TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    match reader.read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a request, and returns the body that the server received.
    fn body_of(request: &str) -> Vec<u8> {
        let received = Arc::<Mutex<Vec<u8>>>::default();
        let shared = Arc::clone(&received);
        let server = Server::start(move |exchange| {
            lock(&shared).clone_from(&exchange.request.body);
            exchange.send(&StubResponse::empty(204))
        });
        let server = server.unwrap();
        let mut connection = TcpStream::connect(server.address()).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).unwrap();
        assert_eq!(response, "HTTP/1.1 204 No Content\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        lock(&received).clone()
    }

    #[test]
    fn reads_bodies_with_a_length_and_in_chunks() {
        assert_eq!(body_of("POST / HTTP/1.1\r\nContent-Length:3\r\n\r\nabcd"), b"abc");
        assert_eq!(body_of("POST / HTTP/1.1\r\n\r\n"), b"");
        let chunks =
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(body_of(chunks), b"abc0123456789");
    }

    #[test]
    fn waiting_handlers_end_with_the_server() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let server = Server::start(move |exchange| {
            sender.send(()).map_err(io::Error::other)?;
            exchange.wait(Duration::MAX);
            exchange.send(&StubResponse::empty(200))
        });
        let server = server.unwrap();
        let mut connection = TcpStream::connect(server.address()).unwrap();
        connection.set_read_timeout(Some(DEADLINE)).unwrap();
        connection.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        receiver.recv().unwrap();
        let address = server.address();
        drop(server);
        connection.read_to_end(&mut Vec::new()).unwrap();
        assert!(TcpStream::connect(address).is_err());
    }
}
