//! Servers that a run starts: each on a free port, with its output in a file, and ended with the run.

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

/// A running server, with whatever it started in turn.
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
    /// Ends the whole group: the emulator has started the function.
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// Sleeps for `HALLPASS_TEST_DELAY_MS` milliseconds if it is set: a test of the tests, which must pass on a slow machine.
pub(crate) fn delay_start() -> anyhow::Result<()> {
    if let Ok(milliseconds) = std::env::var("HALLPASS_TEST_DELAY_MS") {
        std::thread::sleep(Duration::from_millis(milliseconds.parse().context("HALLPASS_TEST_DELAY_MS")?));
    }
    Ok(())
}

/// Waits until a server listens at this address.
///
/// # Errors
/// If the server ends first, or does not listen before the deadline. The error contains the server's log.
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

/// An address on this machine whose port no other program gets while this value exists.
///
/// The system picks the port, and this process stays bound to it without listening. On Linux the system then gives the
/// port to no other socket, but a server that asks for this very port with `SO_REUSEADDR`, as all servers here do, may
/// listen on it. Elsewhere the port is free until the server starts.
pub(crate) struct ReservedAddress {
    address: String,
    _socket: Option<Socket>,
}

impl ReservedAddress {
    /// Reserves a port.
    ///
    /// # Errors
    /// If no port is free.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into())?;
        let address = socket.local_addr()?.as_socket().context("not an IP address")?.to_string();
        Ok(Self { address, _socket: cfg!(target_os = "linux").then_some(socket) })
    }

    /// Returns the port, as text.
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

/// What a server has written to its log, which may hold bytes of a client.
pub(crate) fn read_log(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a script of `interop/` prints. It must read all of its input before it writes, so that neither side waits for
/// the other.
pub(crate) fn node(script: &str, input: &str) -> anyhow::Result<String> {
    let mut node = Command::new("node")
        .arg(root().join("tests/interop").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting node")?;
    node.stdin.take().context("node has no input")?.write_all(input.as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{script} failed: see its message above. If it names a missing package, run npm ci"
    );
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
    let path = root().join(value);
    ensure!(path.exists(), "{variable} names {}, which is not there", path.display());
    Ok(path)
}
