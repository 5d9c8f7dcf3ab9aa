//! Local servers for development.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::build::{self, Profile};
use crate::http::Request;
use crate::local_proxy::{self, Upstream, random_key, random_loopback_address};
use crate::prerequisites::{Prerequisite, check};
use crate::process::{ReservedPort, Running, RunningGroup, command, root, wait_until};
use crate::terminal::print_line;
use crate::tools;

/// Runs `cargo xtask dev`, which serves the Worker with `wrangler dev`.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or the server fails.
pub(crate) fn worker(port: u16) -> Result<()> {
    check(&[Prerequisite::Rustup, Prerequisite::Node])?;
    check_free(port)?;
    build::worker(Profile::Development)?;
    tools::node_modules()?;
    let settings = settings();
    print_line(format_args!("==> starting wrangler dev with the settings of {}", settings.display()));
    let upstream = Upstream { address: unused_address(Ipv4Addr::LOCALHOST)?, key: random_key()? };
    let mut wrangler = wrangler_dev(Profile::Development, &upstream, &settings);
    // wrangler builds the Worker again after each change. This variable selects the profile of these builds.
    wrangler.env(build::DEVELOPMENT, "1");
    serve(wrangler, port, "", &upstream)
}

/// Serves the Worker that a wrangler.toml describes as `cargo xtask dev` does, and mints one token. Also checks that only
/// requests for this machine are served. `node` is the folder of the Node.js binary to use instead of the installed
/// Node.js.
///
/// # Errors
/// Returns an error if the server does not start, does not mint, or serves another host.
pub(crate) fn try_worker(config: &Path, node: Option<&Path>) -> Result<()> {
    let [port, internal, inspector] = [ReservedPort::new()?, ReservedPort::new()?, ReservedPort::new()?];
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, internal.number()));
    let upstream = Upstream { address, key: random_key()? };
    let mut wrangler = wrangler_dev(Profile::Release, &upstream, &root().join("infra/dev.vars"));
    wrangler.args(["--inspector-port", &inspector.number().to_string(), "--config"]).arg(config);
    let installed = std::env::var_os("PATH").unwrap_or_default();
    let path = node.map(Path::to_path_buf).into_iter().chain(std::env::split_paths(&installed));
    let log = root().join("target/wrangler-dev.log");
    let file = fs::File::create(&log)?;
    wrangler
        .env("PATH", std::env::join_paths(path)?)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file);
    let mut server = RunningGroup::start(wrangler)?;
    local_proxy::start(port.number(), &upstream)?;
    let mint = Request::get("/rtc/demo/publisher/uid/1234/");
    let result = wait_until(&mut server.0, || responds(port.number(), "/healthz")).and_then(|()| {
        let response = mint.send(port.number())?.body;
        ensure!(response.contains("\"rtcToken\":\"00"), "GET {} returned no token: {response}", mint.path);
        let rebinding = Request { host: Some("evil.example".to_owned()), ..mint.clone() };
        let original_url =
            ("MF-Original-URL".to_owned(), "http://localhost/rtc/demo/publisher/uid/1234/".to_owned());
        let with_original_url = Request { headers: vec![original_url], ..rebinding.clone() };
        for (request, port) in [(&rebinding, &port), (&rebinding, &internal), (&with_original_url, &internal)]
        {
            let status = request.send(port.number())?.status;
            ensure!(status == 421, "a request for evil.example has the status {status}");
        }
        Ok(())
    });
    result.with_context(|| fs::read_to_string(log).unwrap_or_default())
}

/// Returns the command `wrangler dev` for the Worker of a profile. The Worker rejects requests without the key.
fn wrangler_dev(profile: Profile, upstream: &Upstream, settings: &Path) -> Command {
    let mut wrangler = command(tools::node_program("wrangler"));
    wrangler
        .arg("dev")
        .arg(profile.development_main())
        .args(["--ip", &upstream.address.ip().to_string(), "--port", &upstream.address.port().to_string()])
        // The interactive session would open the internal port.
        .args(["--show-interactive-dev-session=false", "--var"])
        .arg(format!("HALLPASS_DEVELOPMENT_KEY:{}", upstream.key))
        .arg("--env-file")
        .arg(settings)
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("WRANGLER_SEND_METRICS", "false");
    wrangler
}

/// Runs `cargo xtask dev --lambda`, which serves the function with `cargo lambda watch`.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or the server fails.
pub(crate) fn lambda(port: u16) -> Result<()> {
    check(&[Prerequisite::Rustup, Prerequisite::Python])?;
    check_free(port)?;
    let programs = tools::python()?.join("bin");
    build::lambda_for_development()?;
    let settings = settings();
    print_line(format_args!("==> starting cargo lambda watch with the settings of {}", settings.display()));
    // cargo-lambda also serves other paths than the function's URL, so the function cannot check the requests.
    let upstream = Upstream { address: unused_address(random_loopback_address()?)?, key: random_key()? };
    let (ip, internal_port) = (upstream.address.ip().to_string(), upstream.address.port().to_string());
    let mut watch = command(programs.join("cargo-lambda"));
    watch
        .args([
            "lambda",
            "watch",
            "--locked",
            "--disable-cors",
            "--package",
            "hallpass-lambda",
            "--bin",
            "bootstrap",
        ])
        .args(["--invoke-address", &ip, "--invoke-port", &internal_port, "--env-file"])
        .arg(settings);
    serve(watch, port, "/lambda-url/bootstrap", &upstream)
}

/// Returns the path of the developer's `.dev.vars` if the file exists; otherwise, the path of `infra/dev.vars`.
fn settings() -> PathBuf {
    let own = root().join(".dev.vars");
    if own.exists() { own } else { root().join("infra/dev.vars") }
}

/// Reads the names and values of the settings in infra/dev.vars.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub(crate) fn sample_settings() -> Result<Vec<(String, String)>> {
    let file = std::fs::read_to_string(root().join("infra/dev.vars"))?;
    let settings = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    Ok(settings.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect())
}

/// Starts a server and the proxy on the public port, and waits until the server exits.
fn serve(mut server: Command, port: u16, prefix: &str, upstream: &Upstream) -> Result<()> {
    local_proxy::start(port, upstream)?;
    let mut server = Running(server.spawn()?);
    wait_until(&mut server.0, || responds(port, &format!("{prefix}/healthz")))?;
    print_line(format_args!(
        "
Hallpass listens on http://localhost:{port}{prefix}. Press Ctrl-C to stop it. To request a token, run:

  curl http://localhost:{port}{prefix}/v1/token -d '{{\"rtc\":{{\"channel\":\"demo\",\"uid\":1234,\"role\":\"publisher\"}}}}'

If `auth.open` is not set, add the caller's credentials: -H 'Authorization: Bearer …'
"
    ));
    let status = server.0.wait()?;
    if !status.success() {
        bail!("the server exited: {status}");
    }
    Ok(())
}

/// Returns whether a GET request for this path gets status 200.
fn responds(port: u16, path: &str) -> bool {
    Request::get(path).send(port).is_ok_and(|response| response.status == 200)
}

/// Returns an address with a port that no server uses.
fn unused_address(ip: Ipv4Addr) -> Result<SocketAddr> {
    Ok(TcpListener::bind((ip, 0))?.local_addr()?)
}

fn check_free(port: u16) -> Result<()> {
    if is_open(port) {
        bail!("port {port} is in use. Choose another port with --port");
    }
    Ok(())
}

fn is_open(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that both files contain the same settings, because `sam local` cannot read `dev.vars`.
    #[test]
    fn sam_local_has_the_settings_of_dev_vars() {
        let template = std::fs::read_to_string(root().join("infra/sam-local.yaml")).unwrap();
        let (_, rest) = template.split_once("        Variables:\n").unwrap();
        let lines = rest.lines().map_while(|line| line.strip_prefix("          "));
        let settings = lines.map(|line| line.split_once(": ").unwrap());
        let settings = settings.map(|(name, value)| (name, value.trim_matches(['\'', '"'])));
        // If HALLPASS_SECRET_ID is empty, the secrets are environment variables.
        let (empty, settings): (Vec<_>, Vec<_>) = settings.partition(|(_, value)| value.is_empty());
        let sample = sample_settings().unwrap();
        let sample: Vec<_> = sample.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(empty, [("HALLPASS_SECRET_ID", "")]);
        assert_eq!(settings, sample);
    }
}
