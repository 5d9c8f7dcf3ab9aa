//! Clients that run in Chromium, on a page of this machine.

use std::path::PathBuf;

use serde::Serialize;

use crate::deployment::Project;
use crate::process::{ReservedAddress, node, path_from};
use crate::run::SELECTED;
use crate::target::{Target as _, Worker};
use crate::wait::DEADLINE;

/// The address of a page that `browser/run.mjs` serves.
pub struct Page {
    address: ReservedAddress,
}

/// The input of `browser/run.mjs`.
#[derive(Serialize)]
struct Input<'a> {
    /// The path of Chromium.
    chromium: PathBuf,
    /// The folder with the npm packages of `browser/package.json`.
    packages: PathBuf,
    /// The port of the page.
    port: &'a str,
    /// The URLs of the deployments, by name.
    deployments: serde_json::Map<String, serde_json::Value>,
    /// A part of the names of the scenarios that run.
    selection: String,
    app_id: &'static str,
    certificate: &'static str,
    /// The Unix time of the clocks of the deployments.
    now: u64,
    /// The deadline of every wait, in milliseconds.
    deadline: u128,
}

impl Page {
    /// Reserves a port for the page.
    ///
    /// # Errors
    /// Returns an error if no port is available.
    pub fn reserve() -> anyhow::Result<Self> {
        Ok(Self { address: ReservedAddress::new()? })
    }

    /// Returns the page's origin.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs the scenarios in `browser/` against deployments. Returns a line for each scenario.
    ///
    /// # Errors
    /// Returns an error if an environment variable is not set, or a scenario fails.
    pub fn run(&self, deployments: &[(&str, Worker)]) -> anyhow::Result<String> {
        let (app_id, certificate) = Project::Default.keys();
        let urls = deployments.iter().map(|(name, worker)| {
            ((*name).to_owned(), serde_json::Value::from(format!("http://{}", worker.address())))
        });
        let input = Input {
            chromium: path_from("HALLPASS_CHROMIUM")?,
            packages: path_from("HALLPASS_BROWSER_PACKAGES")?,
            port: self.address.port(),
            deployments: urls.collect(),
            selection: std::env::var(SELECTED).unwrap_or_default(),
            app_id,
            certificate,
            now: deployments.first().map_or(0, |(_, worker)| worker.clock()),
            deadline: DEADLINE.as_millis(),
        };
        node("browser/run.mjs", &serde_json::to_string(&input)?)
    }
}
