//! Running other programs.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use socket2::{Domain, Socket, Type};

use crate::terminal::say;

/// Returns the root folder of the repository.
///
/// Cargo sets the variable for what it runs. The path must not be compiled in: in a clone that was moved together with
/// its target folder, the program would work on the old place.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let root = package.ancestors().find(|folder| folder.join("Cargo.lock").exists());
    root.unwrap_or(Path::new(".")).to_path_buf()
}

/// Returns a command that runs in the root folder of the repository.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    // What is built is looked for below `target`, whatever the machine's own settings say.
    command.current_dir(root()).env("CARGO_TARGET_DIR", root().join("target"));
    command
}

/// Runs a command to its end.
///
/// # Errors
/// If it cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!("{shown} failed: {status}");
    }
    Ok(())
}

/// Runs a command and shows what it printed only if it fails.
///
/// # Errors
/// If it cannot be started or fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        say(String::from_utf8_lossy(&output.stdout));
        say(String::from_utf8_lossy(&output.stderr));
        bail!("{shown} failed: {}", output.status);
    }
    Ok(())
}

/// What a command prints, trimmed; `None` if it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A process that ends when the value is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that ends when the value is dropped, together with all processes that it has started.
pub(crate) struct RunningGroup(pub(crate) Child);

impl RunningGroup {
    /// Starts a command in a process group of its own.
    ///
    /// # Errors
    /// If the command cannot be started.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let shown = shown(&command);
        Ok(Self(command.process_group(0).spawn().with_context(|| format!("cannot start {shown}"))?))
    }
}

impl Drop for RunningGroup {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

/// A port of this machine that no other program gets until the value is dropped.
///
/// The socket is bound and does not listen. On Linux a server that sets `SO_REUSEADDR`, as all of ours do, can listen on
/// the port meanwhile.
pub(crate) struct ReservedPort {
    port: u16,
    _socket: Option<Socket>,
}

impl ReservedPort {
    /// Reserves a port that the operating system chooses.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn new() -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let port = socket.local_addr()?.as_socket().context("the socket has no port")?.port();
        Ok(Self { port, _socket: cfg!(target_os = "linux").then_some(socket) })
    }

    /// Returns the number of the port.
    pub(crate) const fn number(&self) -> u16 {
        self.port
    }
}

/// Waits until a server is ready. The limit only ends a wait for a server that hangs.
///
/// # Errors
/// If the server ends first, or is not ready in time.
pub(crate) fn wait_until(server: &mut Child, ready: impl Fn() -> bool) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(1800);
    let start = Instant::now();
    while !ready() {
        if let Some(status) = server.try_wait()? {
            bail!("the server ended before it was ready: {status}");
        }
        if start.elapsed() > LIMIT {
            bail!("the server was not ready after {} s", LIMIT.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    command.get_args().fold(program, |line, argument| line + " " + &argument.to_string_lossy())
}
