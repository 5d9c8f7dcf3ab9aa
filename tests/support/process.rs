//! Servers that a run starts: each on a free port, with its output in a file, and ended with the run.

use std::ffi::OsString;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// A running server, with whatever it started in turn.
pub(crate) struct Child {
    process: std::process::Child,
}

impl Child {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(mut command: Command, address: &str, log: &Path) -> anyhow::Result<Self> {
        const DEADLINE: Duration = Duration::from_secs(10);
        let file = File::create(log)?;
        let program = command.get_program().to_owned();
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let process = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let mut child = Self { process };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = child.process.try_wait()?;
            if ended.is_some() || started.elapsed() > DEADLINE {
                let output = std::fs::read_to_string(log).unwrap_or_default();
                bail!("{} does not listen on {address}: {output}", program.display());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(child)
    }
}

impl Drop for Child {
    /// Ends the whole group: the emulator has started the function.
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// An address on which nobody listens.
pub(crate) fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// A path out of a variable; relative to the workspace, where it is one.
pub(crate) fn path_from(variable: &str) -> anyhow::Result<PathBuf> {
    let value: OsString = std::env::var_os(variable).with_context(|| {
        format!("the variable {variable} is not set; `cargo xtask test` builds what it names, and sets it")
    })?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(value);
    ensure!(path.exists(), "{variable} names {}, which is not there", path.display());
    Ok(path)
}
