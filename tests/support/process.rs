//! Servers that a test run starts, each on a reserved port, with its output in a file. The servers stop when the run ends.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::ops::Deref;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use socket2::{Domain, Socket, Type};

use crate::folders::root;
use crate::wait;

/// A running server, and the processes that it has started.
pub(crate) struct Child {
    process: std::process::Child,
}

impl Child {
    /// Starts a server and waits until it listens on these addresses.
    pub(crate) fn start(mut command: Command, addresses: &[&str], log: &Path) -> anyhow::Result<Self> {
        delay_start()?;
        let file = File::create(log)?;
        let program = command.get_program().to_owned();
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let process = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let mut child = Self { process };
        for address in addresses {
            wait_until_listening(address, log, || Ok(child.process.try_wait()?.is_some()))
                .with_context(|| program.display().to_string())?;
        }
        Ok(child)
    }
}

impl Drop for Child {
    /// Kills the process group, because a server can have started other processes, such as the function.
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// Sleeps for the number of milliseconds in `HALLPASS_TEST_DELAY_MS`, if this environment variable is set. A run with a
/// delay shows that the tests pass on a slow machine.
pub(crate) fn delay_start() -> anyhow::Result<()> {
    if let Ok(milliseconds) = std::env::var("HALLPASS_TEST_DELAY_MS") {
        std::thread::sleep(Duration::from_millis(milliseconds.parse().context("HALLPASS_TEST_DELAY_MS")?));
    }
    Ok(())
}

/// Waits until a server listens at this address.
///
/// # Errors
/// Returns an error if the server exits, or does not listen before the deadline. The error contains the server's log.
pub(crate) fn wait_until_listening(
    address: &str,
    log: &Path,
    mut has_ended: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let output = || read_log(log).unwrap_or_default();
    let is_listening = || {
        let is_listening = TcpStream::connect(address).is_ok();
        ensure!(is_listening || !has_ended()?, "no server listens on {address}: {}", output());
        Ok(is_listening)
    };
    wait::until(is_listening, || format!("a server listens on {address}: {}", output()))
}

/// A local address whose port is reserved until the value is dropped.
///
/// The operating system chooses the port, and this process binds to the port without listening. On Linux, the operating
/// system assigns the port to no other program. A server that sets `SO_REUSEADDR` and requests this port can listen on
/// the port. All servers of the tests set `SO_REUSEADDR`. On other systems, the port is not reserved until the server
/// starts.
pub(crate) struct ReservedAddress {
    address: String,
    _socket: Option<Socket>,
}

impl ReservedAddress {
    /// Reserves a port.
    ///
    /// # Errors
    /// Returns an error if no port is available.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into())?;
        let address = socket.local_addr()?.as_socket().context("not an IP address")?.to_string();
        Ok(Self { address, _socket: cfg!(target_os = "linux").then_some(socket) })
    }

    /// Returns the port as a string.
    pub(crate) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }
}

impl fmt::Display for ReservedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl Deref for ReservedAddress {
    type Target = str;

    fn deref(&self) -> &str {
        &self.address
    }
}

/// Reads a server's log. Bytes that are not UTF-8 are replaced, because a log can contain bytes from a client.
pub(crate) fn read_log(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs a script of `tests/` and returns its output. The script must read all of its input before it writes, because
/// otherwise the script and the test could block each other.
pub(crate) fn node(script: &str, input: &str) -> anyhow::Result<String> {
    let mut node = Command::new("node")
        .arg(root().join("tests").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting node")?;
    node.stdin.take().context("node has no input")?.write_all(input.as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{script} failed; its error is above. If a package is missing, run `npm ci`"
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns the path in an environment variable. A relative path is relative to the workspace.
///
/// # Errors
/// Returns an error if the variable is not set, or the path does not exist.
pub fn path_from(variable: &str) -> anyhow::Result<PathBuf> {
    let value: OsString = std::env::var_os(variable).with_context(|| {
        format!(
            "the environment variable {variable} is not set. `cargo xtask test` sets it, and prints its value"
        )
    })?;
    let path = root().join(value);
    ensure!(path.exists(), "{variable} is set to {}, which does not exist", path.display());
    Ok(path)
}
