//! Servers that a run starts: each on a free port, with its output in a file, and ended with the run.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// A running server, with whatever it started in turn.
pub(crate) struct Child {
    process: std::process::Child,
}

impl Child {
    /// Starts a server and waits until it listens on these addresses.
    pub(crate) fn start(mut command: Command, addresses: &[&str], log: &Path) -> anyhow::Result<Self> {
        const DEADLINE: Duration = Duration::from_secs(30);
        let file = File::create(log)?;
        let program = command.get_program().to_owned();
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let process = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let mut child = Self { process };
        let started = Instant::now();
        while let Some(address) = addresses.iter().find(|address| TcpStream::connect(address).is_err()) {
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

/// An address on which nobody listens, and which no other test gets. Not one that the system would choose: from
/// those it also takes the ports of connections, and one could be gone before the server asks for it.
pub(crate) fn free_address() -> anyhow::Result<String> {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + (std::process::id() % 200) as u16 * 100;
    for _ in 0..100 {
        let address = format!("127.0.0.1:{}", first + TRIED.fetch_add(1, Ordering::Relaxed) % 100);
        if TcpListener::bind(&address).is_ok() {
            return Ok(address);
        }
    }
    anyhow::bail!("no port from {first} on is free")
}

/// What a server has written to its log, which may hold bytes of a client.
pub(crate) fn read_log(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a script of `interop/` prints. It must read all of its input before it writes, so that neither side waits for
/// the other.
pub(crate) fn node(script: &str, input: &str) -> anyhow::Result<String> {
    let mut node = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting node")?;
    node.stdin.take().context("node has no input")?.write_all(input.as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(output.status.success(), "{script} failed; is `npm ci` done?");
    Ok(String::from_utf8(output.stdout)?)
}

/// A path out of a variable; relative to the workspace, where it is one.
///
/// # Errors
/// Where the variable is not set, or there is nothing at the path.
pub fn path_from(variable: &str) -> anyhow::Result<PathBuf> {
    let value: OsString = std::env::var_os(variable).with_context(|| {
        format!("the variable {variable} is not set; `cargo xtask test` builds what it names, and sets it")
    })?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(value);
    ensure!(path.exists(), "{variable} names {}, which is not there", path.display());
    Ok(path)
}
