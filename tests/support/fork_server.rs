//! Python programs without Python's start-up time: a test run starts one Python process, and this process forks for
//! each program.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::folders::{root, scratch};
use crate::process::{path_from, read_log};
use crate::wait;

/// A running Python program. Dropping the value ends the program.
pub(crate) struct Program {
    connection: UnixStream,
    log: PathBuf,
}

impl Program {
    /// Starts a module, or a script whose name ends with `.py`. The output of the program is written to `log`.
    pub(crate) fn start(arguments: &[&str], log: &Path) -> anyhow::Result<Self> {
        let folder = log.parent().context("the path of the log has no folder")?;
        let request = json!({ "argv": arguments, "env": {}, "cwd": folder, "log": log });
        let mut connection = UnixStream::connect(socket()?)?;
        connection.set_read_timeout(Some(wait::DEADLINE))?;
        connection.write_all(format!("{request}\n").as_bytes())?;
        Ok(Self { connection, log: log.to_owned() })
    }

    /// Waits until the program exits.
    ///
    /// # Errors
    /// Returns an error if the program's exit status is not 0.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let mut status = String::new();
        self.connection.read_to_string(&mut status)?;
        ensure!(status == "0\n", "a Python program failed: {}", self.output());
        Ok(())
    }

    /// Returns whether the program has exited.
    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        self.connection.set_nonblocking(true)?;
        let has_ended = self.connection.read(&mut [0]).is_ok();
        self.connection.set_nonblocking(false)?;
        Ok(has_ended)
    }

    fn output(&self) -> String {
        read_log(&self.log).unwrap_or_default()
    }
}

impl Drop for Program {
    /// Ends the program, and waits until it has exited.
    fn drop(&mut self) {
        let _ = self.connection.shutdown(Shutdown::Write);
        let _ = self.connection.read_to_end(&mut Vec::new());
    }
}

/// Returns the path of the fork server's socket, for `interop/fork_client.py`. Starts the server if it is not running.
///
/// # Errors
/// Returns an error if Python or its packages are not installed.
pub fn socket() -> anyhow::Result<PathBuf> {
    static STARTED: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(socket) = &*started {
        return Ok(socket.clone());
    }
    // The socket is in the temporary folder, because its path must be short.
    let socket = std::env::temp_dir().join(format!("hallpass-tests-{}.sock", std::process::id()));
    start(&socket)?;
    Ok(started.insert(socket).clone())
}

fn start(socket: &Path) -> anyhow::Result<()> {
    let folder = scratch("fork-server")?;
    let path = folder.join("fork_server.log");
    let log = std::fs::File::create(&path)?;
    let mut server = Command::new(path_from("HALLPASS_PYTHON")?);
    let delay = std::env::var_os("HALLPASS_TEST_DELAY_MS").map(|delay| ("HALLPASS_TEST_DELAY_MS", delay));
    server.arg(root().join("tests/interop/fork_server.py")).arg(socket);
    // The AWS CLI must not read a developer's own configuration.
    server.env_clear().env("HOME", &folder).envs(delay);
    server.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
    // A run that was killed can leave a socket with this name.
    let _ = std::fs::remove_file(socket);
    let mut server = server.spawn().context("starting python")?;
    let output = || read_log(&path).unwrap_or_default();
    let is_listening = || {
        let is_listening = UnixStream::connect(socket).is_ok();
        ensure!(is_listening || server.try_wait()?.is_none(), "the fork server has exited: {}", output());
        Ok(is_listening)
    };
    wait::until(is_listening, || format!("the fork server listens: {}", output()))?;
    // The server exits when its standard input is closed. This process keeps the input open until the end of the run.
    std::mem::forget(server);
    Ok(())
}
