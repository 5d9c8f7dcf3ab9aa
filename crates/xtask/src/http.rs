//! An HTTP client that sends one request over one connection without TLS.

use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The time limit for each read. Without a limit, the client would wait forever for a server that accepts the connection
/// and hangs.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// A request to a server on this machine.
#[derive(Clone, Default)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// The header `Host`. Default: `localhost`.
    pub(crate) host: Option<String>,
    /// Headers in addition to `Host`, `Connection` and `Content-Length`.
    pub(crate) headers: Vec<(String, String)>,
    /// The body of a POST. A request without a body is a GET.
    pub(crate) body: Option<String>,
}

/// A response with its whole body.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    /// Returns a GET request.
    pub(crate) fn get(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    /// Returns `GET` or `POST`.
    pub(crate) const fn method(&self) -> &'static str {
        if self.body.is_some() { "POST" } else { "GET" }
    }

    /// Sends the request, and returns the whole response.
    ///
    /// # Errors
    /// Returns an error if no server listens on the port, or the response is not HTTP.
    pub(crate) fn send(&self, port: u16) -> Result<Response> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        connection.set_read_timeout(Some(READ_LIMIT))?;
        connection.write_all(self.bytes().as_bytes())?;
        let response = read(&mut connection)?;
        let response = String::from_utf8_lossy(&response);
        parse(&response).with_context(|| format!("the response is not HTTP: {response:?}"))
    }

    fn bytes(&self) -> String {
        let host = self.host.as_deref().unwrap_or("localhost");
        let mut request = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method(), self.path);
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        let body = self.body.as_deref().unwrap_or_default();
        if self.body.is_some() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request + "Connection: close\r\n\r\n" + body
    }
}

/// Reads a response to the end of its body. Does not wait for the end of the connection, because workerd keeps the
/// connection open for seconds. Reads the whole body, because cargo-lambda stops responding if a client disconnects
/// before the end of the body.
fn read(connection: &mut impl Read) -> Result<Vec<u8>> {
    let mut response = Vec::new();
    let mut chunk = [0; 4096];
    while !is_complete(&response) {
        let length = connection.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        response.extend_from_slice(chunk.get(..length).unwrap_or_default());
    }
    Ok(response)
}

/// Returns whether the body is as long as `Content-Length` specifies. Without this header, the response ends with the
/// connection.
fn is_complete(response: &[u8]) -> bool {
    let string = String::from_utf8_lossy(response);
    let Some(Response { headers, .. }) = parse(&string) else { return false };
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse::<usize>().ok());
    let head = response.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    length.zip(head).is_some_and(|(length, head)| response.len() >= head + 4 + length)
}

fn parse(response: &str) -> Option<Response> {
    let (head, body) = response.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Some(Response { status, headers, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_has_a_content_length() {
        let request = Request {
            headers: vec![("a".to_owned(), "b".to_owned())],
            body: Some("{}".to_owned()),
            ..Request::get("/x")
        };
        assert_eq!(
            request.bytes(),
            "POST /x HTTP/1.1\r\nHost: localhost\r\na: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        );
    }

    #[test]
    fn parses_status_headers_and_body() {
        let response = parse("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\nx\r\n\r\ny").unwrap();
        assert_eq!((response.status, response.body.as_str()), (200, "x\r\n\r\ny"));
        assert_eq!(response.headers, [("content-type".to_owned(), "a/b".to_owned())]);
        assert!(parse("hello").is_none());
    }

    #[test]
    fn a_response_is_complete_if_the_whole_body_is_read() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        let is_complete = |body: &str| is_complete(format!("{head}{body}").as_bytes());
        assert_eq!([is_complete("ab"), is_complete("abc")], [false, true]);
        assert!(!super::is_complete(b"HTTP/1.1 200 OK\r\n\r\nabc"));
    }
}
