//! How a provider fails.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Exchange, StubResponse};
use crate::target::Request;

/// What comes in place of the right answer.
///
/// What the request asks for is done only where the text says so.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The right answer, after this time. It is done.
    Slow(Duration),
    /// The first half of the right answer; then the connection ends. It is done.
    HalfBody,
    /// The right answer with 10 MB of blanks behind it, and their length in front. It is done.
    LongBody,
    /// The same without a length. It is done.
    LongBodyWithoutLength,
    /// The right answer without its last byte, as if that were all: no JSON. It is done.
    TruncatedJson,
    /// Nothing: the connection ends.
    Close,
    /// Nothing: the connection stays open.
    Hang,
    /// An error of this status, in the provider's shape.
    Status(u16),
    /// An error 429 in the provider's shape, with this many seconds in `Retry-After`.
    TooManyRequests(u32),
    /// An error of this status that repeats the credentials, in JSON.
    EchoCredentials(u16),
    /// A page in HTML with this status.
    Html(u16),
    /// A plain text with this status.
    Text(u16),
    /// This JSON with status 200.
    Json(Value),
    /// A redirect of this status to the same path on another server.
    Redirect(u16),
    /// It is done, and then this comes.
    AfterExecution(Box<Fault>),
}

/// FailingRequests requests fail.
#[derive(Clone, Copy, Debug)]
pub enum FailingRequests {
    /// All of them.
    All,
    /// So many, and then no more.
    Next(usize),
    /// Those of this method.
    Method(&'static str),
}

const LONG: usize = 10_000_000;

impl Fault {
    /// It is done, and then this comes.
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

    /// Sends what comes; `right` is there where the request was carried out.
    pub(super) fn inject(
        self,
        exchange: &Exchange<'_>,
        right: Option<StubResponse>,
        error: &dyn Fn(u16) -> StubResponse,
        elsewhere: &str,
    ) -> io::Result<()> {
        let right = || right.clone().unwrap_or_else(|| error(500));
        match self {
            Self::Slow(time) => {
                exchange.wait(time);
                exchange.send(&right())
            }
            Self::HalfBody => {
                let right = right();
                let half = right.body.len() / 2;
                exchange.write(right.head(Some(right.body.len())).as_bytes())?;
                exchange.write(right.body.get(..half).unwrap_or_default())
            }
            Self::LongBody => exchange.send(&long(right())),
            Self::LongBodyWithoutLength => {
                let long = long(right());
                exchange.write(long.head(None).as_bytes())?;
                exchange.write(&long.body)
            }
            Self::TruncatedJson => {
                let mut right = right();
                right.body.pop();
                exchange.send(&right)
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
                let given = header("authorization").or(header("x-agora-token")).unwrap_or_default();
                exchange.send(&StubResponse::json(
                    status,
                    &json!({ "message": format!("not accepted: {given}") }),
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
                let location = format!("{elsewhere}{}", exchange.request.target);
                exchange.send(&StubResponse::empty(status).with("location", location))
            }
            Self::AfterExecution(fault) => fault.inject(exchange, Some(right()), error, elsewhere),
        }
    }
}

impl FailingRequests {
    /// Whether this one fails, which then counts.
    pub(super) fn counts(&mut self, request: &Request) -> bool {
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

fn long(mut answer: StubResponse) -> StubResponse {
    answer.body.resize(answer.body.len() + LONG, b' ');
    answer
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

    /// Every byte that comes for a request until the connection ends.
    fn bytes(agora: &Provider<Agora>, request: &Request) -> String {
        let mut received = Vec::new();
        write(agora, request).read_to_end(&mut received).unwrap();
        String::from_utf8(received).unwrap()
    }

    /// Nothing has come for a request, and the connection is open, for some time after the provider has seen it.
    fn assert_hangs(agora: &Provider<Agora>, request: &Request) {
        let seen = agora.requests().len();
        let mut connection = write(agora, request);
        wait::until(|| Ok(agora.requests().len() > seen), || "the request is seen".to_owned()).unwrap();
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

    /// The length that the head says, and the body.
    fn parts(answer: &str) -> (Option<usize>, &str) {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        (length.map(|length| length.parse().unwrap()), body)
    }

    #[test]
    fn a_slow_answer_is_the_right_one() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::Slow(Duration::from_millis(300)));
        let started = Instant::now();
        let response = send(&agora.url(), &kick());
        assert!(started.elapsed() >= Duration::from_millis(300));
        assert_eq!(json_of(&response), json!({ "status": "success", "id": 1953 }));
        assert_eq!(agora.with(|agora| agora.rules().len()), 1);
    }

    #[test]
    fn half_an_answer_says_that_it_is_whole() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::HalfBody);
        let answer = bytes(&agora, &kick());
        let whole = json!({ "status": "success", "id": 1953 }).to_string();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(parts(&answer), (Some(whole.len()), &whole[..whole.len() / 2]));
        assert_eq!(agora.with(|agora| agora.rules().len()), 1);
    }

    #[test]
    fn a_long_answer_would_be_right() {
        let agora = start();
        for (fault, is_told) in [(Fault::LongBody, true), (Fault::LongBodyWithoutLength, false)] {
            agora.fail(FailingRequests::All, fault);
            let answer = bytes(&agora, &kick());
            let (length, body) = parts(&answer);
            assert!(body.len() > LONG);
            assert_eq!(length, is_told.then_some(body.len()));
            assert_eq!(serde_json::from_str::<Value>(body).unwrap()["status"], "success");
        }
    }

    #[test]
    fn bad_json_is_whole_as_far_as_http_goes() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::TruncatedJson);
        let response = send(&agora.url(), &kick());
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(serde_json::from_slice::<Value>(response.body()).is_err());
        assert_eq!(agora.with(|agora| agora.rules().len()), 1);
    }

    #[test]
    fn nothing_comes_and_nothing_is_done() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::Close);
        assert_eq!(bytes(&agora, &kick()), "");
        agora.fail(FailingRequests::All, Fault::Hang);
        assert_hangs(&agora, &kick());
        assert_eq!(agora.with(|agora| agora.rules().len()), 0);
        assert_eq!(agora.requests().len(), 2);
    }

    #[test]
    fn a_rule_is_there_although_nothing_came() {
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
    fn what_comes_instead_is_as_it_was_asked_for() {
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
    fn credentials_come_back() {
        let agora = start();
        agora.fail(FailingRequests::All, Fault::EchoCredentials(401));
        let response = send(&agora.url(), &kick());
        let given = kick().header("authorization").unwrap().to_owned();
        assert_eq!(response.status(), 401);
        assert_eq!(json_of(&response), json!({ "message": format!("not accepted: {given}") }));
    }

    #[test]
    fn an_error_has_the_shape_of_the_provider() {
        let videosdk = Provider::start(Videosdk::default()).unwrap();
        videosdk.fail(FailingRequests::All, Fault::Status(404));
        let request = request("POST", "/v2/rooms", &[("authorization", &crawler(None))], "");
        let body = json!({ "error": "Room not found", "statusCode": 404 });
        assert_eq!(json_of(&send(&videosdk.url(), &request)), body);
    }

    #[test]
    fn whoever_follows_a_redirect_is_seen() {
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
        let [strayed] = agora.redirected_requests().try_into().ok().unwrap();
        assert_eq!((strayed.target.as_str(), strayed.body), (RULES, kick().body));
        agora.clear_requests();
        assert!(agora.redirected_requests().is_empty());
    }

    #[test]
    fn only_those_fail_that_shall() {
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
    fn nobody_listens_for_a_while() {
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
