//! Simulated faults of a provider.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Exchange, StubResponse};
use crate::target::Request;

/// A fault that replaces the correct response.
///
/// The request is executed only if the variant's description states that.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The request is executed. The correct response is sent after this delay.
    Slow(Duration),
    /// The request is executed. The first half of the correct response is sent, and then the connection is closed.
    HalfBody,
    /// The request is executed. The correct response is followed by 10 MB of spaces, and has a `Content-Length`.
    LongBody,
    /// The request is executed. The correct response is followed by 10 MB of spaces, and has no `Content-Length`.
    LongBodyWithoutLength,
    /// The request is executed. The last byte of the body is missing, so that the body is not valid JSON.
    TruncatedJson,
    /// The connection is closed without a response.
    Close,
    /// The connection stays open without a response.
    Hang,
    /// An error with this status, in the provider's format.
    Status(u16),
    /// An error 429 in the provider's format, with this number of seconds in `Retry-After`.
    TooManyRequests(u32),
    /// A JSON error with this status that contains the credentials.
    EchoCredentials(u16),
    /// An HTML page with this status.
    Html(u16),
    /// A plain-text response with this status.
    Text(u16),
    /// A response with this JSON and status 200.
    Json(Value),
    /// A redirect with this status to the same path on another server.
    Redirect(u16),
    /// The request is executed, and then this fault occurs.
    AfterExecution(Box<Fault>),
}

/// The requests that fail.
#[derive(Clone, Copy, Debug)]
pub enum FailingRequests {
    /// All requests.
    All,
    /// The next requests, up to this number.
    Next(usize),
    /// All requests with this method.
    Method(&'static str),
}

/// The number of bytes in a long body that follow the correct body.
const LONG_BODY_PADDING: usize = 10_000_000;

impl Fault {
    /// Returns a fault that occurs after the request is executed.
    #[must_use]
    pub fn after_execution(self) -> Self {
        Self::AfterExecution(Box::new(self))
    }

    pub(super) const fn is_executed(&self) -> bool {
        match self {
            Self::Slow(_)
            | Self::HalfBody
            | Self::LongBody
            | Self::LongBodyWithoutLength
            | Self::TruncatedJson
            | Self::AfterExecution(_) => true,
            Self::Close
            | Self::Hang
            | Self::Status(_)
            | Self::TooManyRequests(_)
            | Self::EchoCredentials(_)
            | Self::Html(_)
            | Self::Text(_)
            | Self::Json(_)
            | Self::Redirect(_) => false,
        }
    }

    /// Sends the faulty response. `correct` is the correct response if the request was executed.
    pub(super) fn inject(
        self,
        exchange: &Exchange<'_>,
        correct: Option<StubResponse>,
        error: &dyn Fn(u16) -> StubResponse,
        redirect_url: &str,
    ) -> io::Result<()> {
        let correct = || correct.clone().unwrap_or_else(|| error(500));
        match self {
            Self::Slow(time) => {
                exchange.wait(time);
                exchange.send(&correct())
            }
            Self::HalfBody => {
                let correct = correct();
                let half = correct.body.len() / 2;
                exchange.write(correct.head(Some(correct.body.len())).as_bytes())?;
                exchange.write(correct.body.get(..half).unwrap_or_default())
            }
            Self::LongBody => exchange.send(&with_long_body(correct())),
            Self::LongBodyWithoutLength => {
                let long = with_long_body(correct());
                exchange.write(long.head(None).as_bytes())?;
                exchange.write(&long.body)
            }
            Self::TruncatedJson => {
                let mut correct = correct();
                correct.body.pop();
                exchange.send(&correct)
            }
            Self::Close => Ok(()),
            Self::Hang => {
                exchange.wait(Duration::MAX);
                Ok(())
            }
            Self::Status(status) => exchange.send(&error(status)),
            Self::TooManyRequests(seconds) => {
                exchange.send(&error(429).with("retry-after", seconds.to_string()))
            }
            Self::EchoCredentials(status) => {
                let header = |name| exchange.request.header(name);
                let credentials = header("authorization").or(header("x-agora-token")).unwrap_or_default();
                exchange.send(&StubResponse::json(
                    status,
                    &json!({ "message": format!("not accepted: {credentials}") }),
                ))
            }
            Self::Html(status) => {
                let page = format!("<!doctype html><title>{status}</title><h1>{status}</h1>");
                exchange.send(&StubResponse::new(status, "text/html", page))
            }
            Self::Text(status) => {
                exchange.send(&StubResponse::new(status, "text/plain", "this did not work"))
            }
            Self::Json(body) => exchange.send(&StubResponse::json(200, &body)),
            Self::Redirect(status) => {
                let location = format!("{redirect_url}{}", exchange.request.target);
                exchange.send(&StubResponse::empty(status).with("location", location))
            }
            Self::AfterExecution(fault) => fault.inject(exchange, Some(correct()), error, redirect_url),
        }
    }
}

impl FailingRequests {
    /// Returns whether a request fails. Counts the request.
    pub(super) fn includes(&mut self, request: &Request) -> bool {
        match self {
            Self::All => true,
            Self::Next(left) => {
                let is_left = *left > 0;
                *left = left.saturating_sub(1);
                is_left
            }
            Self::Method(method) => request.method == *method,
        }
    }
}

fn with_long_body(mut response: StubResponse) -> StubResponse {
    response.body.resize(response.body.len() + LONG_BODY_PADDING, b' ');
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::requests::{NOW, PROJECTS, RULES, as_customer, crawler, json_of, request, send};
    use crate::provider::{Agora, Provider, Videosdk, agora};
    use crate::wait;
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Instant;

    fn start() -> Provider<Agora> {
        let agora = Provider::start(Agora::default()).unwrap();
        agora.set_clock(Some(NOW));
        agora
    }

    fn kick() -> Request {
        let body =
            json!({ "appid": agora::APP_ID, "cname": "demo", "uid": 7, "privileges": ["join_channel"] });
        as_customer("POST", RULES, &body.to_string())
    }

    fn listed_rules(agora: &Provider<Agora>) -> usize {
        let response =
            send(&agora.url(), &as_customer("GET", &format!("{RULES}?appid={}", agora::APP_ID), ""));
        json_of(&response)["rules"].as_array().unwrap().len()
    }

    /// Sends a request, and returns all bytes until the connection ends.
    fn bytes(agora: &Provider<Agora>, request: &Request) -> String {
        let mut received = Vec::new();
        write(agora, request).read_to_end(&mut received).unwrap();
        String::from_utf8(received).unwrap()
    }

    /// Sends a request, and asserts that the connection stays open without a response after the provider has received
    /// the request.
    fn assert_hangs(agora: &Provider<Agora>, request: &Request) {
        let before = agora.requests().len();
        let mut connection = write(agora, request);
        wait::until(|| Ok(agora.requests().len() > before), || "the request is received".to_owned()).unwrap();
        connection.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let error = connection.read(&mut [0]).unwrap_err();
        assert!(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{error}");
    }

    fn write(agora: &Provider<Agora>, request: &Request) -> TcpStream {
        let mut connection = TcpStream::connect(agora.server.address()).unwrap();
        connection.set_read_timeout(Some(wait::DEADLINE)).unwrap();
        let Request { method, target, headers, body, .. } = request;
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head = format!("{method} {target} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n");
        connection.write_all(&[head.as_bytes(), body].concat()).unwrap();
        connection
    }

    /// Returns the `Content-Length` and the body of a response.
    fn parts(response: &str) -> (Option<usize>, &str) {
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        (length.map(|length| length.parse().unwrap()), body)
    }

    #[test]
    fn slow_sends_the_correct_response() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::Slow(Duration::from_millis(300)));
        let started = Instant::now();
        let response = send(&agora.url(), &kick());
        assert!(started.elapsed() >= Duration::from_millis(300));
        assert_eq!(json_of(&response), json!({ "status": "success", "id": 1953 }));
        assert_eq!(agora.with(|agora| agora.rules().len()), 1);
    }

    #[test]
    fn half_body_has_the_length_of_the_whole_body() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::HalfBody);
        let response = bytes(&agora, &kick());
        let whole = json!({ "status": "success", "id": 1953 }).to_string();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(parts(&response), (Some(whole.len()), &whole[..whole.len() / 2]));
        assert_eq!(agora.with(|agora| agora.rules().len()), 1);
    }

    #[test]
    fn long_body_is_valid_json() {
        let agora = start();
        for (fault, has_length) in [(Fault::LongBody, true), (Fault::LongBodyWithoutLength, false)] {
            agora.fail(FailingRequests::All, fault);
            let response = bytes(&agora, &kick());
            let (length, body) = parts(&response);
            assert!(body.len() > LONG_BODY_PADDING);
            assert_eq!(length, has_length.then_some(body.len()));
            assert_eq!(serde_json::from_str::<Value>(body).unwrap()["status"], "success");
        }
    }

    #[test]
    fn truncated_json_is_a_complete_http_response() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::TruncatedJson);
        let response = send(&agora.url(), &kick());
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(serde_json::from_slice::<Value>(response.body()).is_err());
        assert_eq!(agora.with(|agora| agora.rules().len()), 1);
    }

    #[test]
    fn close_and_hang_do_not_execute_the_request() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::Close);
        assert_eq!(bytes(&agora, &kick()), "");
        agora.fail(FailingRequests::All, Fault::Hang);
        assert_hangs(&agora, &kick());
        assert_eq!(agora.with(|agora| agora.rules().len()), 0);
        assert_eq!(agora.requests().len(), 2);
    }

    #[test]
    fn faults_after_execution_create_a_rule() {
        let agora = start();
        for (rules, fault) in [(0, Fault::Hang), (1, Fault::Hang.after_execution())] {
            agora.fail(FailingRequests::Method("POST"), fault);
            assert_hangs(&agora, &kick());
            assert_eq!(listed_rules(&agora), rules);
        }
        agora.fail(FailingRequests::Method("POST"), Fault::Close.after_execution());
        assert_eq!(bytes(&agora, &kick()), "");
        assert_eq!(listed_rules(&agora), 2);
        agora.fail(FailingRequests::Method("POST"), Fault::Html(504).after_execution());
        assert_eq!(send(&agora.url(), &kick()).status(), 504);
        assert_eq!(listed_rules(&agora), 3);
    }

    #[test]
    fn sends_the_requested_errors() {
        let agora = start();
        for (fault, status, kind, begins) in [
            (Fault::Status(402), 402, "application/json", "{\"message\":"),
            (Fault::Status(404), 404, "application/json", "{\"message\":\"not found\"}"),
            (Fault::TooManyRequests(7), 429, "application/json", "{\"message\":\"too many requests\"}"),
            (Fault::Html(500), 500, "text/html", "<!doctype html>"),
            (Fault::Html(502), 502, "text/html", "<!doctype html>"),
            (Fault::Text(400), 400, "text/plain", "this"),
            (Fault::Json(json!([1])), 200, "application/json", "[1]"),
        ] {
            let retry_after = matches!(fault, Fault::TooManyRequests(_)).then_some("7");
            agora.fail(FailingRequests::All, fault);
            let response = send(&agora.url(), &kick());
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["content-type"], kind);
            assert!(response.body().starts_with(begins.as_bytes()), "{begins}");
            let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
            assert_eq!(header, retry_after);
        }
        assert_eq!(agora.with(|agora| agora.rules().len()), 0);
    }

    #[test]
    fn echoes_credentials() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::EchoCredentials(401));
        let response = send(&agora.url(), &kick());
        let credentials = kick().header("authorization").unwrap().to_owned();
        assert_eq!(response.status(), 401);
        assert_eq!(json_of(&response), json!({ "message": format!("not accepted: {credentials}") }));
    }

    #[test]
    fn errors_have_the_format_of_the_provider() {
        let videosdk = Provider::start(Videosdk::default()).unwrap();
        videosdk.fail(FailingRequests::All, Fault::Status(404));
        let request = request("POST", "/v2/rooms", &[("authorization", &crawler(None))], "");
        let body = json!({ "error": "Room not found", "statusCode": 404 });
        assert_eq!(json_of(&send(&videosdk.url(), &request)), body);
    }

    #[test]
    fn records_requests_that_follow_a_redirect() {
        let agora = start();
        for status in [302, 307] {
            agora.fail(FailingRequests::All, Fault::Redirect(status));
            let response = send(&agora.url(), &kick());
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["location"], format!("{}{RULES}", agora.redirect_url()));
            assert!(agora.redirected_requests().is_empty());
        }
        assert_ne!(agora.url(), agora.redirect_url());
        send(&agora.redirect_url(), &kick());
        let [redirected] = agora.redirected_requests().try_into().ok().unwrap();
        assert_eq!((redirected.target.as_str(), redirected.body), (RULES, kick().body));
        agora.clear_requests();
        assert!(agora.redirected_requests().is_empty());
    }

    #[test]
    fn only_selected_requests_fail() {
        let agora = start();
        let projects = || send(&agora.url(), &as_customer("GET", PROJECTS, "")).status().as_u16();
        agora.fail(FailingRequests::Next(2), Fault::Html(502));
        assert_eq!([projects(), projects(), projects()], [502, 502, 200]);
        agora.fail(FailingRequests::Method("POST"), Fault::Html(502));
        assert_eq!([projects(), send(&agora.url(), &kick()).status().as_u16()], [200, 502]);
        agora.fail(FailingRequests::All, Fault::Html(502));
        assert_eq!(projects(), 502);
        agora.recover();
        assert_eq!(projects(), 200);
    }

    #[test]
    fn stops_and_starts_listening() {
        let agora = start();
        let connect = || TcpStream::connect(agora.server.address());
        for _ in 0..3 {
            agora.set_listening(false).unwrap();
            assert_eq!(connect().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
            agora.set_listening(true).unwrap();
            assert_eq!(send(&agora.url(), &as_customer("GET", PROJECTS, "")).status(), 200);
        }
        assert_eq!(agora.requests().len(), 3);
    }
}
