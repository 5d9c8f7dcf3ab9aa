//! Whatever answers the requests of the list.

mod controls;
mod lambda;
mod memory;
mod miniflare;
mod sam_local;
mod worker;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

pub use controls::Controls;
pub use lambda::{EventKind, Lambda};
pub use memory::Memory;
pub use miniflare::Miniflare;
pub use sam_local::SamLocal;
pub use worker::Worker;

/// One request, as a client would send it.
#[derive(Clone, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query, percent-encoded.
    pub target: String,
    /// Headers in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Claims that a gateway in front has checked; no client can send them.
    pub gateway_claims: Option<Vec<(String, String)>>,
}

/// What came back.
pub type Response = http::Response<Vec<u8>>;

/// One running deployment.
pub trait Target {
    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// Where there is no answer.
    fn send(&mut self, request: &Request) -> anyhow::Result<Response>;

    /// Sends a request; what comes back is the status and the body, which is null where it is no JSON.
    ///
    /// # Errors
    /// Where there is no answer.
    fn send_for_json(&mut self, request: &Request) -> anyhow::Result<(u16, Value)> {
        let response = self.send(request)?;
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        Ok((response.status().as_u16(), body))
    }

    /// Whether such a request can reach this deployment at all.
    fn can_receive(&self, _request: &Request) -> bool {
        true
    }

    /// Returns whether each request has a request ID of its own, by which its lines are found in the log.
    fn has_request_ids(&self) -> bool {
        true
    }

    /// Everything that it has logged so far.
    ///
    /// # Errors
    /// Where its log cannot be read.
    fn log(&self) -> anyhow::Result<String>;

    /// The Unix time that this deployment goes by.
    fn clock(&self) -> u64 {
        self.controls().map_or_else(real_clock, Controls::clock)
    }

    /// The controls of its clock and its time limits; `None` if it follows the machine's clock, or has no controls.
    fn controls(&self) -> Option<&Controls> {
        None
    }

    /// Whether its clock follows the machine's. Any other clock stands still at a time long ago until a test moves it.
    fn has_real_clock(&self) -> bool {
        const DAY_SECONDS: u64 = 24 * 3600;
        self.clock().abs_diff(real_clock()) < DAY_SECONDS
    }
}

fn real_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Request {
    /// One that brings nothing.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), ..Self::default() }
    }

    /// One that brings JSON, and these credentials in `Authorization`.
    #[must_use]
    pub fn post(target: &str, body: &Value, authorization: Option<&str>) -> Self {
        let headers = authorization.map(|value| ("authorization".to_owned(), value.to_owned()));
        Self {
            method: "POST".to_owned(),
            target: target.to_owned(),
            headers: headers.into_iter().collect(),
            body: body.to_string().into_bytes(),
            gateway_claims: None,
        }
    }

    /// The value of a header, which is named in lower case; the first one where there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it says that its body is JSON.
    pub(crate) fn has_json(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/json"))
    }

    /// Path and query.
    pub(crate) fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }
}
