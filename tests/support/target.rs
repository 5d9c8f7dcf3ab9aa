//! Deployments to which tests send requests.

mod controls;
mod lambda;
mod memory;
mod miniflare;
mod redirect;
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

/// A request of a client.
#[derive(Clone, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path and the query, percent-encoded.
    pub target: String,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Claims that a gateway has verified. A client cannot send these claims.
    pub gateway_claims: Option<Vec<(String, String)>>,
}

/// A response with its body.
pub type Response = http::Response<Vec<u8>>;

/// A running deployment.
pub trait Target {
    /// Sends a request, and waits for the response.
    ///
    /// # Errors
    /// Returns an error if there is no response.
    fn send(&mut self, request: &Request) -> anyhow::Result<Response>;

    /// Sends a request, and returns the status and the JSON body. A body that is not JSON is returned as `null`.
    ///
    /// # Errors
    /// Returns an error if there is no response.
    fn send_for_json(&mut self, request: &Request) -> anyhow::Result<(u16, Value)> {
        let response = self.send(request)?;
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        Ok((response.status().as_u16(), body))
    }

    /// Returns whether a request can reach this deployment unchanged.
    fn can_receive(&self, _request: &Request) -> bool {
        true
    }

    /// Returns whether the deployment supports [`Deployment::redirect`].
    ///
    /// [`Deployment::redirect`]: crate::Deployment::redirect
    fn redirects(&self) -> bool {
        false
    }

    /// Returns whether each request has a unique request ID, so that its log lines can be found.
    fn has_request_ids(&self) -> bool {
        true
    }

    /// Returns whether the platform can verify signatures of ES512.
    fn supports_es512(&self) -> bool {
        false
    }

    /// Returns the deployment's log since its start.
    ///
    /// # Errors
    /// Returns an error if the log cannot be read.
    fn log(&self) -> anyhow::Result<String>;

    /// Returns the Unix time of the deployment's clock, in seconds.
    fn clock(&self) -> u64 {
        self.controls().map_or_else(real_clock, Controls::clock)
    }

    /// Returns the controls of the deployment's clock and time limits, or `None` if the deployment has no controls.
    fn controls(&self) -> Option<&Controls> {
        None
    }

    /// Returns whether the deployment uses the machine's clock. Other clocks are stopped, at a time in the past, until a test
    /// advances them.
    fn has_real_clock(&self) -> bool {
        const DAY_SECONDS: u64 = 24 * 3600;
        self.clock().abs_diff(real_clock()) < DAY_SECONDS
    }
}

fn real_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Request {
    /// Creates a GET request without headers.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), ..Self::default() }
    }

    /// Creates a POST request with a JSON body and this value of `Authorization`.
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

    /// Returns the first value of a header. `name` is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether the content type is JSON.
    pub(crate) fn has_json(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/json"))
    }

    /// Returns the path and the query.
    pub(crate) fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }
}
