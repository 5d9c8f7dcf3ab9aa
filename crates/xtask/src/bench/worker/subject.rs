//! The measured Workers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::build;
use crate::process::{Running, root};
use crate::steps::step;
use crate::workerd::{self, Worker};

pub(super) const HELLO: &str = "hello in JavaScript";
pub(super) const FLOOR: &str = "floor in JavaScript";
pub(super) const AGORA: &str = "npm agora-token";
pub(super) const JOSE: &str = "npm jose and agora-token";
pub(super) const HALLPASS: &str = "Hallpass";
pub(super) const HALLPASS_WITH_CORS: &str = "Hallpass with CORS";

pub(super) type Settings = Vec<(String, String)>;

/// A Worker before it is started.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) files: Vec<PathBuf>,
    pub(super) settings: Settings,
}

/// A running Worker.
pub(super) struct Started {
    pub(super) name: &'static str,
    pub(super) port: u16,
    pub(super) process: Running,
}

impl Subject {
    /// Returns a Worker that consists of one file in crates/xtask/bench.
    pub(super) fn script(name: &'static str, file: &str, settings: &Settings) -> Self {
        let files = vec![root().join("crates/xtask/bench").join(file)];
        Self { name, files, settings: settings.clone() }
    }

    /// Returns a Worker that consists of a script in crates/xtask/bench, bundled with its npm packages.
    ///
    /// # Errors
    /// Returns an error if wrangler fails.
    pub(super) fn npm(name: &'static str, script: &str, folder: &Path, settings: &Settings) -> Result<Self> {
        let bundle = step(&format!("bundling a Worker with {name}"), || bundle_script(folder, script))?;
        Ok(Self { name, files: vec![bundle], settings: settings.clone() })
    }

    /// Returns the bundled Hallpass with these settings.
    ///
    /// # Errors
    /// Returns an error if the bundle cannot be read.
    pub(super) fn hallpass(name: &'static str, bundle: &Path, settings: &Settings) -> Result<Self> {
        Ok(Self { name, files: workerd::files(bundle)?, settings: settings.clone() })
    }

    /// Returns the Worker, configured to listen on this port.
    pub(super) fn worker(&self, port: u16) -> Worker<'_> {
        Worker { files: &self.files, settings: &self.settings, port, v8_flags: &[] }
    }

    /// Starts the Worker. Writes the Worker's files and log to this folder.
    ///
    /// # Errors
    /// Returns an error if workerd does not start.
    pub(super) fn start(&self, folder: &Path, port: u16) -> Result<Started> {
        Ok(Started { name: self.name, port, process: self.worker(port).start(folder)? })
    }
}

/// Returns the settings with `document` as the configuration document.
pub(super) fn with_config(settings: &Settings, document: &str) -> Settings {
    let others = settings.iter().filter(|(name, _)| name != "HALLPASS_CONFIG").cloned();
    others.chain([("HALLPASS_CONFIG".to_owned(), document.to_owned())]).collect()
}

fn bundle_script(folder: &Path, name: &str) -> Result<PathBuf> {
    let config = folder.join(format!("{name}.toml"));
    let main = root().join(format!("crates/xtask/bench/{name}.mjs"));
    let wrangler_toml = format!(
        "name = \"{name}\"\nmain = {main:?}\ncompatibility_date = \"2026-04-01\"\ncompatibility_flags = [\"nodejs_compat\"]\n"
    );
    fs::write(&config, wrangler_toml)?;
    let bundle = folder.join(name);
    build::bundle(&config, &bundle)?;
    Ok(bundle.join(format!("{name}.js")))
}
