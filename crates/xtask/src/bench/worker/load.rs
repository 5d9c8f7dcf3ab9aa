//! The load of a benchmark: requests that wrk sends for one second.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::cpu;
use super::issuer;
use super::subject::{HALLPASS_WITH_CORS, Started};
use crate::http::Request;
use crate::process::{command, output};

/// The header that Cloudflare adds to every request, with a sample value.
const RAY: (&str, &str) = ("cf-ray", "8f0a1b2c3d4e5f60-AMS");

/// The origin that [`HALLPASS_WITH_CORS`] allows. Only requests to this Worker have an `Origin`.
pub(super) const ORIGIN: &str = "https://app.example.com";

/// A request that several Workers receive. Workers that mint return a token of format 007.
pub(super) struct Load {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) body: Option<&'static str>,
    /// The algorithm of the requests' JWTs. Consecutive requests have JWTs of different users.
    pub(super) jwts: Option<&'static str>,
    /// The name of the measured Worker.
    pub(super) measured: &'static str,
    pub(super) baselines: &'static [Baseline],
}

/// A Worker with which the measured Worker is compared, and the minimum ratios between the two Workers.
pub(super) struct Baseline {
    pub(super) name: &'static str,
    /// The minimum ratio of the measured Worker's requests per second to the baseline's requests per second.
    pub(super) rate: Option<f64>,
    /// The minimum ratio of the baseline's CPU time per request to the measured Worker's CPU time per request.
    pub(super) cpu: Option<f64>,
}

/// The result of one run of wrk against one Worker.
pub(super) struct Sample {
    /// Requests per second.
    pub(super) rate: f64,
    /// Microseconds of CPU time per request.
    pub(super) cpu: f64,
}

impl Load {
    /// Returns a single request of the load, with the first user's JWT if the load has JWTs.
    ///
    /// # Errors
    /// Returns an error if the issuer was not started.
    pub(super) fn request(&self, folder: &Path) -> Result<Request> {
        let (ray, id) = RAY;
        let mut headers = vec![(ray.to_owned(), id.to_owned())];
        if let Some(algorithm) = self.jwts {
            headers.push(issuer::authorization(folder, algorithm)?);
        }
        Ok(Request { headers, body: self.body.map(ToOwned::to_owned), ..Request::get(self.path) })
    }

    /// Sends the load to a Worker, and measures the rate and the CPU time.
    ///
    /// # Errors
    /// Returns an error if wrk fails, or the Worker responds with an error status.
    pub(super) fn measure(&self, folder: &Path, worker: &Started, tick_micros: f64) -> Result<Sample> {
        let script = folder.join("load.lua");
        fs::write(&script, self.script(folder, worker.name))?;
        let url = format!("http://127.0.0.1:{}{}", worker.port, self.path);
        let mut wrk = command("wrk");
        wrk.args(["--threads", "1", "--connections", "16", "--duration", "1s", "--script"])
            .arg(&script)
            .arg(url);
        let before = cpu::ticks(worker.process.0.id())?;
        let output = output(&mut wrk).context("wrk failed")?;
        let ticks = cpu::ticks(worker.process.0.id())?.saturating_sub(before);
        if output.contains("Non-2xx") {
            bail!("{} responded to requests of {} with an error status:\n{output}", worker.name, self.name);
        }
        let (requests, rate) =
            requests_and_rate(&output).with_context(|| format!("wrk printed no rate:\n{output}"))?;
        #[expect(clippy::cast_precision_loss, reason = "a run of a second has few ticks")]
        let ticks = ticks as f64;
        Ok(Sample { rate, cpu: ticks * tick_micros / requests })
    }

    fn script(&self, folder: &Path, worker: &str) -> String {
        let mut script = String::new();
        if let Some(body) = self.body {
            script += &format!("wrk.method = \"POST\"\nwrk.body = {body:?}\n");
        }
        let origin = (worker == HALLPASS_WITH_CORS).then_some(("origin", ORIGIN));
        for (name, value) in [RAY].into_iter().chain(origin) {
            script += &format!("wrk.headers[{name:?}] = {value:?}\n");
        }
        if let Some(algorithm) = self.jwts {
            let file = folder.join(format!("{algorithm}.txt"));
            script += &format!("local file = {file:?}\n{}", include_str!("../../../bench/jwts.lua"));
        }
        script
    }
}

/// Parses the number of requests and the requests per second from the output of wrk.
fn requests_and_rate(output: &str) -> Option<(f64, f64)> {
    let line = |separator| output.lines().find_map(|line| line.split_once(separator));
    let (requests, _) = line(" requests in ")?;
    let (_, rate) = line("Requests/sec:")?;
    Some((requests.trim().parse().ok()?, rate.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_output_of_wrk() {
        let output = "Running 1s test\n  9015 requests in 1.10s, 4.89MB read\nRequests/sec:   8195.45\nTransfer/sec: 4MB";
        assert_eq!(requests_and_rate(output), Some((9015.0, 8195.45)));
        assert_eq!(requests_and_rate("unable to connect"), None);
    }
}
