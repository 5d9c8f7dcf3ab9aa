//! Functions that run other programs.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use socket2::{Domain, Socket, Type};

use crate::terminal::print_line;

/// Returns the root folder of the repository.
///
/// The path comes from an environment variable that Cargo sets for every program that it runs. A path from compile time
/// would be wrong after a clone is moved together with its target folder.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let root = package.ancestors().find(|folder| folder.join("Cargo.lock").exists());
    root.unwrap_or(Path::new(".")).to_path_buf()
}

/// Returns a command that runs in the root folder of the repository.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    // The variable overrides the machine's settings, because these commands expect Cargo's output in `target`.
    command.current_dir(root()).env("CARGO_TARGET_DIR", root().join("target"));
    command
}

/// Runs a command and waits until it exits.
///
/// # Errors
/// Returns an error if the command cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let command_line = command_line(command);
    let status = command.status().with_context(|| format!("cannot start {command_line}"))?;
    if !status.success() {
        bail!("{command_line} failed: {status}");
    }
    Ok(())
}

/// Runs a command, and prints its output only if it fails.
///
/// # Errors
/// Returns an error if the command cannot be started or fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let command_line = command_line(command);
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {command_line}"))?;
    if !output.status.success() {
        print_line(String::from_utf8_lossy(&output.stdout));
        print_line(String::from_utf8_lossy(&output.stderr));
        bail!("{command_line} failed: {}", output.status);
    }
    Ok(())
}

/// Runs a command and returns its standard output, trimmed. Returns `None` if the command cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A process that is killed when the value is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process in its own process group. When the value is dropped, all processes of the group are killed.
pub(crate) struct RunningGroup(pub(crate) Child);

impl RunningGroup {
    /// Starts a command in its own process group.
    ///
    /// # Errors
    /// Returns an error if the command cannot be started.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let command_line = command_line(&command);
        Ok(Self(command.process_group(0).spawn().with_context(|| format!("cannot start {command_line}"))?))
    }
}

impl Drop for RunningGroup {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

/// A local port that is reserved until the value is dropped.
///
/// The socket is bound but does not listen. On Linux, a server that sets `SO_REUSEADDR` can listen on the reserved port.
/// All servers that xtask starts set this option. On other systems, the port is not reserved, because a server could not
/// listen on a port that another socket uses.
pub(crate) struct ReservedPort {
    port: u16,
    _socket: Option<Socket>,
}

impl ReservedPort {
    /// Reserves a port that the operating system chooses.
    ///
    /// # Errors
    /// Returns an error if no port is available.
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

/// Waits until a server is ready. The long time limit affects only a server that hangs.
///
/// # Errors
/// Returns an error if the server exits before it is ready, or exceeds the time limit.
pub(crate) fn wait_until(server: &mut Child, is_ready: impl Fn() -> bool) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(1800);
    let start = Instant::now();
    while !is_ready() {
        if let Some(status) = server.try_wait()? {
            bail!("the server exited before it was ready: {status}");
        }
        if start.elapsed() > LIMIT {
            bail!("the server was not ready after {} s", LIMIT.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn command_line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    command.get_args().fold(program, |line, argument| line + " " + &argument.to_string_lossy())
}
