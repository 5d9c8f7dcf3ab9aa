//! Requests that wrk sends for a second.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::cpu;
use super::issuer;
use super::subject::{HALLPASS_WITH_CORS, Started};
use crate::http::Request;
use crate::process::{command, output};

/// Cloudflare gives every request this header.
const RAY: (&str, &str) = ("cf-ray", "8f0a1b2c3d4e5f60-AMS");

/// The origin that [`HALLPASS_WITH_CORS`] allows. Only requests to that Worker have it.
pub(super) const ORIGIN: &str = "https://app.example.com";

/// A request that several Workers get; a mint of format 007 for those that mint.
pub(super) struct Load {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) body: Option<&'static str>,
    /// The algorithm of the JWTs, each of another user, that the requests have in turn.
    pub(super) jwts: Option<&'static str>,
    /// The name of the Worker that is compared with the others.
    pub(super) measured: &'static str,
    pub(super) rivals: &'static [Rival],
}

/// A Worker that the measured one is compared with, and budgets: the least that the measured one may reach of it.
pub(super) struct Rival {
    pub(super) name: &'static str,
    /// Requests per second as a part of the rival's.
    pub(super) rate: Option<f64>,
    /// The rival's CPU time per request as a part of the measured Worker's.
    pub(super) cpu: Option<f64>,
}

/// The work of one Worker in a second.
pub(super) struct Sample {
    /// Requests per second.
    pub(super) rate: f64,
    /// Microseconds of CPU time per request.
    pub(super) cpu: f64,
}

impl Load {
    /// Returns a single request of the load, by the first user.
    ///
    /// # Errors
    /// If the issuer was not started.
    pub(super) fn request(&self, folder: &Path) -> Result<Request> {
        let (ray, id) = RAY;
        let mut headers = vec![(ray.to_owned(), id.to_owned())];
        if let Some(algorithm) = self.jwts {
            headers.push(issuer::authorization(folder, algorithm)?);
        }
        Ok(Request { path: self.path.to_owned(), headers, body: self.body.map(ToOwned::to_owned) })
    }

    /// Sends the load to a Worker.
    ///
    /// # Errors
    /// If wrk fails, or the Worker denies requests.
    pub(super) fn measure(&self, folder: &Path, worker: &Started, tick_micros: f64) -> Result<Sample> {
        let script = folder.join("load.lua");
        fs::write(&script, self.script(folder, worker.name))?;
        let url = format!("http://127.0.0.1:{}{}", worker.port, self.path);
        let mut wrk = command("wrk");
        wrk.args(["--threads", "1", "--connections", "16", "--duration", "1s", "--script"])
            .arg(&script)
            .arg(url);
        let before = cpu::ticks(worker.process.0.id())?;
        let printed = output(&mut wrk).context("wrk failed")?;
        let ticks = cpu::ticks(worker.process.0.id())?.saturating_sub(before);
        if printed.contains("Non-2xx") {
            bail!("{} denied requests of {}:\n{printed}", worker.name, self.name);
        }
        let (requests, rate) =
            requests_and_rate(&printed).with_context(|| format!("wrk printed no rate:\n{printed}"))?;
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

/// Reads the number of requests and the requests per second from what wrk prints.
fn requests_and_rate(printed: &str) -> Option<(f64, f64)> {
    let line = |separator| printed.lines().find_map(|line| line.split_once(separator));
    let (requests, _) = line(" requests in ")?;
    let (_, rate) = line("Requests/sec:")?;
    Some((requests.trim().parse().ok()?, rate.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrk_prints_requests_and_their_rate() {
        let printed = "Running 1s test\n  9015 requests in 1.10s, 4.89MB read\nRequests/sec:   8195.45\nTransfer/sec: 4MB";
        assert_eq!(requests_and_rate(printed), Some((9015.0, 8195.45)));
        assert_eq!(requests_and_rate("unable to connect"), None);
    }
}
