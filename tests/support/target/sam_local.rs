//! The Lambda function in a container, behind `sam local start-api`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Request, Response, Target};
use crate::deployment::Deployment;
use crate::http_client::Client;
use crate::process::{Child, ReservedAddress, path_from, read_log};

/// The Lambda function of a deployment, in a container.
pub struct SamLocal {
    client: Client,
    address: ReservedAddress,
    // `_sam` is dropped before `containers`, because sam can create a container as long as it runs.
    _sam: Child,
    containers: Containers,
}

/// The containers that sam has created. Dropping the value removes the containers.
struct Containers {
    python: PathBuf,
    /// The path of sam's log, which contains the IDs of the containers.
    sam_log: PathBuf,
}

/// The template that users run. The tests replace its variables.
const TEMPLATE: &str = include_str!("../../../infra/sam-local.yaml");
/// The text before a container's ID in sam's log.
const CONTAINER: &str = "SAM_CONTAINER_ID: ";
/// The script that prints logs of containers, or removes containers.
const CONTAINERS: &str = include_str!("../../sam-local/containers.py");

impl SamLocal {
    /// Starts `sam local start-api` and waits until the server listens. `sam` also creates the container.
    ///
    /// # Errors
    /// Returns an error if a variable is not set, or sam does not start.
    pub fn start(deployment: impl Into<Deployment>, folder: &Path) -> anyhow::Result<Self> {
        let deployment = deployment.into();
        let python = path_from("HALLPASS_PYTHON")?;
        let sam = python.with_file_name("sam");
        let log = folder.join(format!("{}.log", deployment.name));
        let template = write_template(&deployment, folder)?;
        let address = ReservedAddress::new()?;
        let (host, port) = address.split_once(':').context("the address has no port")?;
        let mut command = Command::new(sam);
        command
            .args(["local", "start-api", "--host", host, "--port", port, "--template"])
            .arg(template)
            .args(["--parameter-overrides", &format!("Architecture={}", std::env::consts::ARCH)])
            // Creates the container before the first request, and does not look for a newer image.
            .args(["--warm-containers", "EAGER", "--skip-pull-image"])
            .env("SAM_CLI_TELEMETRY", "0")
            .env("SAM_CLI_CONTAINER_CONNECTION_TIMEOUT", "120")
            .env("AWS_DEFAULT_REGION", "us-east-1");
        // With credentials, sam would call AWS at each start, and pass the credentials to the function.
        for source in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
            command.env_remove(source);
        }
        command
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let containers = Containers { python, sam_log: log.clone() };
        let sam = Child::start(command, &[&address], &log)?;
        Ok(Self { client: Client::new(), address, _sam: sam, containers })
    }

    /// Returns the reason why a request cannot reach the function unchanged, or `None` if the request can.
    #[must_use]
    pub fn unsupported_feature(request: &Request) -> Option<&'static str> {
        let path = request.path_and_query().0;
        if request.gateway_claims.is_some() {
            Some("sam local has no JWT authorizer")
        } else if percent_decode_str(path).decode_utf8().is_err() {
            Some("sam local replaces bytes of a path that are not UTF-8")
        } else if path.to_ascii_lowercase().contains("%2f") {
            Some("sam local decodes %2F to a separator")
        } else {
            None
        }
    }
}

/// Writes the template, and copies the function to the path that the template contains.
fn write_template(deployment: &Deployment, folder: &Path) -> anyhow::Result<PathBuf> {
    let function = folder.join("target/lambda/bootstrap");
    let templates = folder.join("infra");
    for path in [&function, &templates] {
        fs::create_dir_all(path)?;
    }
    let bootstrap = function.join("bootstrap");
    if !bootstrap.exists() {
        fs::copy(path_from("HALLPASS_BOOTSTRAP")?, bootstrap)?;
    }
    let template = templates.join(format!("{}.yaml", deployment.name));
    fs::write(&template, with_variables(TEMPLATE, &deployment.variables)?)?;
    Ok(template)
}

/// Returns the template with these variables instead of the variables in the template. The option `--env-vars` is not
/// sufficient, because it can neither add nor remove variables.
fn with_variables(template: &str, variables: &[(String, String)]) -> anyhow::Result<String> {
    const INDENT: &str = "          ";
    let heading = "        Variables:\n";
    let (before, own) = template.split_once(heading).context("the template declares no variables")?;
    let after: Vec<_> = own.lines().skip_while(|line| line.starts_with(INDENT)).collect();
    ensure!(after.len() < own.lines().count(), "the template's variables have an unexpected indentation");
    // Every JSON string is a valid YAML string.
    let variables =
        variables.iter().map(|(name, value)| format!("{INDENT}{name}: {}\n", Value::from(value.as_str())));
    Ok([before, heading, &variables.collect::<String>(), &after.join("\n"), "\n"].concat())
}

impl Containers {
    /// Returns the command `containers.py` with this verb and the IDs of the containers.
    fn command(&self, verb: &str) -> anyhow::Result<Command> {
        let log = read_log(&self.sam_log)?;
        let names = log.lines().filter_map(|line| line.split_once(CONTAINER)).map(|(_, name)| name.trim());
        let mut command = Command::new(&self.python);
        command.args(["-c", CONTAINERS, verb]).args(names);
        Ok(command)
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        let _ = self.command("remove").map(|mut command| command.status());
    }
}

impl Target for SamLocal {
    fn can_receive(&self, request: &Request) -> bool {
        Self::unsupported_feature(request).is_none()
    }

    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        self.client.send_to(&self.address, request)
    }

    /// Returns the log of the container. The log is not read from sam's log, because sam's log can lack the first
    /// lines.
    fn log(&self) -> anyhow::Result<String> {
        let output = self.containers.command("logs")?.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the container has no log");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Returns false, because sam uses the same request ID for all requests.
    fn has_request_ids(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_only_variables() {
        let variables = [("A".to_owned(), "\"x\"\n".to_owned())];
        let template = with_variables(TEMPLATE, &variables).unwrap();
        assert!(template.contains("        Variables:\n          A: \"\\\"x\\\"\\n\"\n      Events:\n"));
        assert!(!template.contains("AGORA_APP_ID"));
        let kept = template.lines().filter(|line| !line.starts_with("          A:"));
        assert!(kept.eq(TEMPLATE.lines().filter(|line| {
            let name = line.trim_start().split(':').next().unwrap();
            !(name.contains('_') && name.chars().all(|letter| letter == '_' || letter.is_ascii_uppercase()))
        })));
    }
}
