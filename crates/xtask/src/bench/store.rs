//! Local servers with the API of AWS Secrets Manager, over TLS.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::{Running, command, run_quietly, wait_until};

const SECRET_ID: &str = "hallpass";

/// A running server with the API of Secrets Manager, which holds one secret.
pub(super) struct LocalSecretsManager {
    /// The settings with which a Lambda function reads the secret.
    pub(super) settings: Vec<(String, String)>,
    _process: Running,
}

impl LocalSecretsManager {
    /// Starts moto with these secrets. Writes moto's certificate and log to `folder`.
    ///
    /// # Errors
    /// Returns an error if moto does not start, or does not accept the secret.
    pub(super) fn moto(
        python: &Path,
        folder: &Path,
        port: u16,
        secrets: &[(String, String)],
    ) -> Result<Self> {
        let python = || command(python.join("bin/python"));
        run_quietly(python().arg("tests/interop/certificate.py").arg(folder))?;
        let mut server = python();
        server
            .args(["-m", "moto.server", "--host", "127.0.0.1", "--port", &port.to_string(), "--ssl-cert"])
            .arg(folder.join("server.pem"))
            .arg("--ssl-key")
            .arg(folder.join("server.key"));
        let moto = Self::start(server, folder, "moto", port)?;
        run_quietly(
            python()
                .args(["crates/xtask/bench/secret.py", SECRET_ID, &to_json(secrets)])
                .envs(moto.settings.clone()),
        )?;
        Ok(moto)
    }

    /// Starts a server that responds without delay, with the certificate of [`moto`](Self::moto).
    ///
    /// # Errors
    /// Returns an error if the server does not start.
    pub(super) fn instant(folder: &Path, port: u16, secrets: &[(String, String)]) -> Result<Self> {
        let mut server = command("node");
        server.args(["crates/xtask/bench/store.mjs", &port.to_string()]).arg(folder);
        server.env("SECRET", to_json(secrets));
        Self::start(server, folder, "store", port)
    }

    fn start(mut server: Command, folder: &Path, name: &str, port: u16) -> Result<Self> {
        let log = fs::File::create(folder.join(name).with_extension("log"))?;
        let mut process = Running(server.stdout(log.try_clone()?).stderr(log).spawn()?);
        wait_until(&mut process.0, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())?;
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
        Ok(Self { settings, _process: process })
    }
}

/// Formats the secrets as JSON. The sample secrets contain no characters that JSON must escape.
fn to_json(secrets: &[(String, String)]) -> String {
    let fields: Vec<_> = secrets.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    format!("{{{}}}", fields.join(","))
}
