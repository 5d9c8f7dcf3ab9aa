//! An HTTP client for servers on this machine.

use std::thread;

use anyhow::Context as _;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::target::{Request, Response};
use crate::wait::DEADLINE;

pub(crate) struct Client {
    agent: Agent,
}

impl Client {
    /// Creates a client that opens a connection for each request. Connections are not reused, because a server that
    /// does not read the body of a request can close the connection.
    pub(crate) fn new() -> Self {
        Self::with_tls(TlsConfig::default())
    }

    /// Creates a client that trusts only this certificate authority.
    pub(crate) fn trusting(authority: Certificate<'static>) -> Self {
        Self::with_tls(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[authority])).build())
    }

    fn with_tls(tls: TlsConfig) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .max_idle_connections(0)
            .tls_config(tls)
            .timeout_global(Some(DEADLINE));
        Self { agent: config.build().into() }
    }

    /// Sends a request to a server on this machine.
    pub(crate) fn send_to(&self, address: &str, request: &Request) -> anyhow::Result<Response> {
        let url = format!("http://{address}{}", request.target);
        let mut http_request = http::Request::builder().method(request.method.as_str()).uri(url);
        for (name, value) in &request.headers {
            http_request = http_request.header(name, value);
        }
        self.send(http_request.body(request.body.clone())?)
    }

    /// Sends requests concurrently, each on its own connection.
    pub(crate) fn send_concurrently(
        &self,
        address: &str,
        requests: &[Request],
    ) -> anyhow::Result<Vec<Response>> {
        thread::scope(|scope| {
            let send = |request| scope.spawn(move || self.send_to(address, request));
            let sent: Vec<_> = requests.iter().map(send).collect();
            sent.into_iter().map(|sent| sent.join().ok().context("a sending thread panicked")?).collect()
        })
    }

    pub(crate) fn send(&self, request: http::Request<Vec<u8>>) -> anyhow::Result<Response> {
        // Browsers do not send `Content-Length: 0` with a GET, so an empty body is omitted.
        let response = if request.body().is_empty() {
            self.agent.run(request.map(|_| ()))
        } else {
            self.agent.run(request)
        };
        let (parts, mut body) = response?.into_parts();
        Ok(http::Response::from_parts(parts, body.read_to_vec()?))
    }
}
