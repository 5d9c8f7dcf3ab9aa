//! The test suite that runs `sam local`, and the container engine that it needs.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::process::{command, root};
use crate::steps::skip;

/// A container engine that responds and has AWS's image.
pub(crate) struct Engine {
    /// The engine's address, as a value of `DOCKER_HOST`.
    pub(crate) docker_host: String,
}

/// The name of the suite, for the filter of `cargo test`.
const SUITE: &str = "sam_local::on_lambda_in_a_container";
/// A Python program that prints the first address at which an engine responds and has the image. If no engine responds,
/// or the engine cannot get the image, the program fails with the reason. The program uses the SAM CLI's library, because
/// an installed client program does not show that an engine runs.
const FIND: &str = r#"
import os, sys, docker

def connect(address, timeout):
    return docker.from_env(environment={**os.environ, "DOCKER_HOST": address}, timeout=timeout)

image, *addresses = sys.argv[1:]
for address in addresses:
    try:
        connect(address, 10).ping()
    except (docker.errors.DockerException, OSError):
        continue
    try:
        engine = connect(address, 600)
        try:
            engine.images.get(image)
        except docker.errors.ImageNotFound:
            engine.images.pull(image)
    except (docker.errors.DockerException, OSError) as error:
        sys.exit(f"the engine at {address} cannot get {image}: {error}")
    print(address)
    sys.exit()
sys.exit(f"no engine responds at {', '.join(addresses)}")
"#;

/// Configures a `cargo test` command to run the suite. If no container engine runs, configures the command to skip the
/// suite. `python` is the folder that [`crate::tools::python`] returns.
///
/// # Errors
/// Returns an error if Python cannot be started.
pub(crate) fn add_suite(test: &mut Command, python: &Path) -> Result<()> {
    match engine(python)? {
        Some(engine) => test.env("DOCKER_HOST", engine.docker_host),
        None => test.args(["--skip", SUITE]),
    };
    Ok(())
}

/// Finds a container engine. If no engine runs, prints why the suite is skipped.
///
/// # Errors
/// Returns an error if Python cannot be started.
pub(crate) fn engine(python: &Path) -> Result<Option<Engine>> {
    let reason = if cfg!(target_os = "linux") {
        let mut find = command(python.join("bin/python"));
        find.args(["-c", FIND, &image()]).args(addresses()).stdin(Stdio::null());
        let found = find.output().context("cannot start Python")?;
        if found.status.success() {
            let docker_host = String::from_utf8_lossy(&found.stdout).trim().to_owned();
            return Ok(Some(Engine { docker_host }));
        }
        String::from_utf8_lossy(&found.stderr).trim().to_owned()
    } else {
        "the suite runs the function that is built for this machine, which does not run Linux".to_owned()
    };
    skip(format!(
        "the tests in sam local, because sam local needs a container engine (Docker or podman); {reason}. See tests/sam-local/README.md"
    ));
    Ok(None)
}

/// Returns the image in which `sam local` runs the function.
fn image() -> String {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    format!("public.ecr.aws/lambda/provided:al2023-{architecture}")
}

/// Returns the addresses to try: `DOCKER_HOST` if it is set, otherwise the sockets of Docker, podman and
/// `tests/sam-local/podman.sh`.
fn addresses() -> Vec<String> {
    if let Ok(address) = std::env::var("DOCKER_HOST") {
        return vec![address];
    }
    let mut sockets = vec!["/var/run/docker.sock".into(), "/run/podman/podman.sock".into()];
    let of_user =
        std::env::var_os("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("podman/podman.sock"));
    sockets.extend(of_user);
    sockets.push(root().join("target/sam-local/podman.sock"));
    sockets.iter().map(|socket| format!("unix://{}", socket.display())).collect()
}
