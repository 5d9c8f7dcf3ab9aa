//! The public port of `cargo xtask dev`: a proxy that forwards only requests for this machine.
//!
//! A web page can point its own domain to 127.0.0.1 (DNS rebinding). The browser then sends the page's requests to the
//! development server, and the page can read the responses. The Host header of these requests names the page's domain.

use std::io::{self, Read, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The header that proves to `development.js` that a request was forwarded.
const KEY_HEADER: &str = "Hallpass-Development-Key";
/// The hosts for which requests are forwarded.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// The maximum size of the headers of a message.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The time limit for the headers of a request.
const HEAD_LIMIT: Duration = Duration::from_secs(60);

/// The server to which requests are forwarded.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    /// The value of [`KEY_HEADER`].
    pub(crate) key: String,
}

/// The headers of a message, and the start of its body.
struct Head {
    /// The first line and the headers, without line breaks.
    lines: Vec<String>,
    body_start: Vec<u8>,
}

/// Returns random bytes in hexadecimal, for the key of an [`Upstream`].
///
/// # Errors
/// Returns an error if the operating system supplies no random bytes.
pub(crate) fn random_key() -> Result<String> {
    Ok(random_bytes::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns a loopback address that a web page cannot guess. Systems other than Linux have only 127.0.0.1.
///
/// # Errors
/// Returns an error if the operating system supplies no random bytes.
pub(crate) fn random_loopback_address() -> Result<Ipv4Addr> {
    let [second, third, fourth] = random_bytes()?;
    let is_linux = cfg!(target_os = "linux");
    Ok(if is_linux { Ipv4Addr::new(127, second, third, fourth.clamp(2, 254)) } else { Ipv4Addr::LOCALHOST })
}

fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let mut source = std::fs::File::open("/dev/urandom").context("cannot open /dev/urandom")?;
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Starts the proxy on this port of 127.0.0.1 and, if the machine supports IPv6, of ::1.
///
/// # Errors
/// Returns an error if the port is in use.
pub(crate) fn start(port: u16, upstream: &Upstream) -> Result<()> {
    let listen = |address: IpAddr| TcpListener::bind((address, port));
    let listener = listen(Ipv4Addr::LOCALHOST.into())
        .with_context(|| format!("cannot listen on port {port}. Choose another port with --port"))?;
    for listener in [Some(listener), listen(Ipv6Addr::LOCALHOST.into()).ok()].into_iter().flatten() {
        let upstream = upstream.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let upstream = upstream.clone();
                // An error ends the connection, so that the client reports the error.
                thread::spawn(move || drop(serve(client, &upstream)));
            }
        });
    }
    Ok(())
}

/// Serves one request of a connection.
fn serve(mut client: TcpStream, upstream: &Upstream) -> io::Result<()> {
    client.set_read_timeout(Some(HEAD_LIMIT))?;
    let request = Head::read(&mut client)?;
    client.set_read_timeout(None)?;
    if !request.is_for_this_machine() {
        return reject(client, &request);
    }
    let mut server = TcpStream::connect(upstream.address)?;
    server.write_all(&request.forwarded(&["connection", "expect"], &[(KEY_HEADER, &upstream.key)]))?;
    let (mut body, mut writer) = (client.try_clone()?, server.try_clone()?);
    let rest = request.remaining_body();
    thread::spawn(move || io::copy(&mut Read::by_ref(&mut body).take(rest), &mut writer));
    let response = Head::read(&mut server)?;
    client.write_all(&response.forwarded(&["connection", "keep-alive"], &[]))?;
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

fn reject(mut client: TcpStream, request: &Head) -> io::Result<()> {
    let host = request.header("host").unwrap_or_default();
    let host: String = host.chars().filter(char::is_ascii_graphic).take(100).collect();
    let body = format!(
        "The development server does not serve the host \"{host}\". Use localhost, 127.0.0.1 or [::1] in the URL.\n"
    );
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 421 Misdirected Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    client.shutdown(Shutdown::Write)
}

impl Head {
    fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                let body_start = bytes.split_off(end + 4);
                let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
                return Ok(Self { lines: text.split("\r\n").map(str::to_owned).collect(), body_start });
            }
            let length = stream.read(&mut chunk)?;
            if length == 0 || bytes.len() > MAX_HEAD_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            bytes.extend_from_slice(chunk.get(..length).unwrap_or_default());
        }
    }

    /// Returns the value of a header. The name is in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().skip(1).filter_map(|line| line.split_once(':'))
    }

    /// Returns whether the request names this machine as its host, and no other host.
    fn is_for_this_machine(&self) -> bool {
        let mut hosts = self.headers().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        let (Some((_, host)), None) = (hosts.next(), hosts.next()) else { return false };
        let is_path = self.lines.first().is_some_and(|line| line.contains(" /"));
        is_path && is_local(host.trim())
    }

    /// Returns the number of bytes of the body after its start.
    fn remaining_body(&self) -> u64 {
        if self.header("transfer-encoding").is_some() {
            return u64::MAX;
        }
        let length = self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_u64);
        length.saturating_sub(self.body_start.len() as u64)
    }

    /// Returns the message without some headers, whose names are in lower case, and with other headers. Each connection
    /// transfers one request, because a later request would not be checked.
    fn forwarded(&self, without: &[&str], with: &[(&str, &str)]) -> Vec<u8> {
        let is_kept = |line: &&String| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            !without.contains(&name.as_str())
        };
        let mut head: String = self.lines.iter().filter(is_kept).flat_map(|line| [line, "\r\n"]).collect();
        for (name, value) in with.iter().chain([&("Connection", "close")]) {
            head += &format!("{name}: {value}\r\n");
        }
        [head.as_bytes(), b"\r\n", &self.body_start].concat()
    }
}

/// Returns whether a Host header names this machine, with any port.
fn is_local(host: &str) -> bool {
    HOSTS.iter().any(|local| {
        host.get(..local.len()).is_some_and(|start| start.eq_ignore_ascii_case(local)) && {
            let port = host.get(local.len()..).unwrap_or_default();
            port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;
    use crate::process::ReservedPort;

    #[test]
    fn only_this_machine_is_local() {
        for host in ["localhost", "LOCALHOST:8787", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:9000"] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8787",
            "localhost.evil.example",
            "localhost:8787.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.10",
            "::1",
            "[::10]",
            "localhost:",
            "localhost:x",
            "0.0.0.0",
            "é",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }

    /// Starts a server that responds with the request that it received, and a proxy for the server.
    fn echo() -> Result<ReservedPort> {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = ReservedPort::new()?;
        start(port.number(), &Upstream { address: server.local_addr()?, key: "k1".to_owned() })?;
        thread::spawn(move || {
            for mut client in server.incoming().flatten() {
                let mut request = Head::read(&mut client).unwrap();
                let mut rest = vec![0; usize::try_from(request.remaining_body()).unwrap()];
                client.read_exact(&mut rest).unwrap();
                request.body_start.extend(rest);
                let body = String::from_utf8(request.forwarded(&[], &[])).unwrap();
                let length = body.len();
                write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
            }
        });
        Ok(port)
    }

    #[test]
    fn forwards_requests_for_this_machine_only() -> Result<()> {
        let port = echo()?;
        let body = "x".repeat(100_000);
        let request = Request {
            headers: vec![("Expect".to_owned(), "100-continue".to_owned()), ("A".to_owned(), "b".to_owned())],
            body: Some(body.clone()),
            ..Request::get("/x?y")
        };
        let response = request.send(port.number())?;
        assert_eq!(response.status, 200);
        assert!(response.headers.contains(&("connection".to_owned(), "close".to_owned())));
        assert!(
            response.body.starts_with("POST /x?y HTTP/1.1\r\nHost: localhost\r\nA: b\r\n"),
            "{}",
            response.body
        );
        assert!(response.body.contains("\r\nHallpass-Development-Key: k1\r\nConnection: close\r\n"));
        assert!(response.body.ends_with(&body) && !response.body.contains("Expect"));

        for request in [
            Request { host: Some("evil.example:8787".to_owned()), ..request.clone() },
            Request { headers: vec![("host".to_owned(), "evil.example".to_owned())], ..request.clone() },
            Request { path: "http://localhost/".to_owned(), ..request.clone() },
        ] {
            let response = request.send(port.number())?;
            assert_eq!(response.status, 421);
            assert!(response.body.contains("Use localhost, 127.0.0.1 or [::1]"), "{}", response.body);
        }
        Ok(())
    }
}
