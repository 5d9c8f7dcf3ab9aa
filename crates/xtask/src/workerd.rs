//! A server that runs one Worker in workerd, Cloudflare's runtime.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::process::{Running, command, wait_until};
use crate::tools;

/// A Worker, its settings and its port.
pub(crate) struct Worker<'a> {
    /// The Worker's files. The first file is the main module.
    pub(crate) files: &'a [PathBuf],
    pub(crate) settings: &'a [(String, String)],
    pub(crate) port: u16,
    /// Flags of V8. If there are flags, the log also contains the standard output of V8 and the Worker.
    pub(crate) v8_flags: &'a [&'a str],
}

impl Worker<'_> {
    /// Starts the Worker, and waits until it listens. Writes the Worker's files and log to this folder.
    ///
    /// # Errors
    /// Returns an error if workerd does not start.
    pub(crate) fn start(&self, folder: &Path) -> Result<Running> {
        let mut process = Running(self.command(folder)?.spawn()?);
        wait_until(&mut process.0, || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok())?;
        Ok(process)
    }

    /// Returns a command that serves the Worker. Writes the Worker's files to this folder, and creates the log in the
    /// same folder.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub(crate) fn command(&self, folder: &Path) -> Result<Command> {
        let config = folder.join(format!("{}.capnp", self.port));
        fs::write(&config, self.config(folder)?)?;
        let log = fs::File::create(self.log(folder))?;
        let output = if self.v8_flags.is_empty() { Stdio::null() } else { log.try_clone()?.into() };
        let mut serve = command(tools::workerd()?);
        serve.arg("serve").arg(&config).stdout(output).stderr(log);
        Ok(serve)
    }

    /// Returns the path of the log.
    pub(crate) fn log(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.log", self.port))
    }

    fn config(&self, folder: &Path) -> Result<String> {
        let (mut modules, mut bindings) = (String::new(), String::new());
        for file in self.files {
            modules.push_str(&module(file, folder)?);
        }
        for (name, value) in self.settings {
            write!(bindings, "(name = \"{name}\", text = {value:?}), ")?;
        }
        let flags: String = self.v8_flags.iter().map(|flag| format!("{flag:?}, ")).collect();
        Ok(format!(
            r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:{}", http = (), service = "main")],
  v8Flags = [{flags}],
);
const main :Workerd.Worker = (
  modules = [{modules}],
  bindings = [{bindings}],
  compatibilityDate = "2026-04-01",
  compatibilityFlags = ["nodejs_compat"],
);
"#,
            self.port
        ))
    }
}

/// Returns the JavaScript and WebAssembly files of a bundle, JavaScript first.
///
/// # Errors
/// Returns an error if the folder cannot be read.
pub(crate) fn files(bundle: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(bundle)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "js" || extension == "wasm"));
    files.sort_by_key(|file| file.extension().map(ToOwned::to_owned));
    Ok(files)
}

/// Copies a module to the folder of the configuration, because workerd expects relative paths. Returns the module's entry
/// in the configuration.
fn module(file: &Path, folder: &Path) -> Result<String> {
    let name = file.file_name().context("the module's path has no file name")?.to_string_lossy().into_owned();
    let kind = if name.ends_with(".wasm") { "wasm" } else { "esModule" };
    fs::copy(file, folder.join(&name))?;
    Ok(format!("(name = \"{name}\", {kind} = embed \"{name}\"), "))
}
