//! AWS Secrets Manager on this machine, over TLS, as moto plays it.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::process::{Running, command, run_quietly, wait_until};

const SECRET_ID: &str = "hallpass";

/// A running Secrets Manager that holds one secret.
pub(super) struct Moto {
    /// How a function gets to the secret.
    pub(super) settings: Vec<(String, String)>,
    _process: Running,
}

impl Moto {
    /// Starts it, with these secrets; `folder` is for its certificate and log.
    ///
    /// # Errors
    /// If it does not start, or does not take the secret.
    pub(super) fn start(
        python: &Path,
        folder: &Path,
        port: u16,
        secrets: &[(String, String)],
    ) -> Result<Self> {
        let python = || command(python.join("bin/python"));
        run_quietly(python().arg("tests/interop/certificate.py").arg(folder))?;
        let log = fs::File::create(folder.join("moto.log"))?;
        let mut server = python();
        server
            .args(["-m", "moto.server", "--host", "127.0.0.1", "--port", &port.to_string(), "--ssl-cert"])
            .arg(folder.join("server.pem"))
            .arg("--ssl-key")
            .arg(folder.join("server.key"))
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut process = Running(server.spawn()?);
        wait_until(&mut process.0, Duration::from_secs(30), || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        })?;
        let authority = folder.join("ca.pem").to_string_lossy().into_owned();
        let settings = [
            ("HALLPASS_SECRET_ID", SECRET_ID),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &format!("https://127.0.0.1:{port}")),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("AWS_SESSION_TOKEN", "FQoGZXIvYXdzEBYaDxWykwOL"),
            ("AWS_CA_BUNDLE", &authority),
            ("NODE_EXTRA_CA_CERTS", &authority),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let secret = json!(secrets.iter().cloned().collect::<BTreeMap<_, _>>());
        run_quietly(
            python()
                .args(["crates/xtask/bench/secret.py", SECRET_ID, &secret.to_string()])
                .envs(settings.clone()),
        )?;
        Ok(Self { settings, _process: process })
    }
}
