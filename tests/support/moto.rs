//! A local AWS Secrets Manager over TLS, provided by moto. After a call of [`Moto::enforce_access`], moto checks
//! signatures and the permissions of roles.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use ureq::tls::Certificate;

use crate::folders::{root, scratch};
use crate::fork_server::Program;
use crate::http_client::Client;
use crate::process::{ReservedAddress, delay_start, wait_until_listening};
use crate::unresponsive::UnresponsiveServer;
use crate::wait;

const REGION: &str = "us-east-1";

/// A running moto server.
pub struct Moto {
    address: ReservedAddress,
    folder: PathBuf,
    /// The folder with the certificate.
    identity: PathBuf,
    client: Client,
    server: Option<Program>,
}

/// The credentials of a function's role.
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub key: String,
    /// `AWS_SESSION_TOKEN`
    pub session: String,
}

/// Creates a certificate for a server on this machine: `ca.pem`, `server.pem` and `server.key` in this folder.
///
/// # Errors
/// Returns an error if Python or its packages are not installed.
pub fn create_certificate(folder: &Path) -> anyhow::Result<()> {
    let script = root().join("tests/interop/certificate.py");
    let arguments = [script.to_string_lossy(), folder.to_string_lossy()];
    Program::start(&arguments.each_ref().map(|argument| &**argument), &folder.join("certificate.log"))?
        .finish()
}

/// Returns the folder with the certificate of this test run. Creates the certificate at the first call.
fn identity() -> anyhow::Result<PathBuf> {
    static FOLDER: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut created = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = &*created {
        return Ok(folder.clone());
    }
    let folder = scratch("moto-certificate")?;
    create_certificate(&folder)?;
    Ok(created.insert(folder).clone())
}

impl Moto {
    /// Starts a server without secrets. All servers of a test run have the same certificate.
    ///
    /// # Errors
    /// Returns an error if an environment variable is not set, or the server does not start.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let identity = identity()?;
        let authority = Certificate::from_pem(&std::fs::read(identity.join("ca.pem"))?)?;
        let (address, client) = (ReservedAddress::new()?, Client::trusting(authority));
        let mut moto = Self { address, folder: folder.to_owned(), identity, client, server: None };
        moto.restart()?;
        Ok(moto)
    }

    /// Restarts the server at the same address, without secrets.
    ///
    /// # Errors
    /// Returns an error if the server does not start.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.stop();
        let (host, port) = self.address.split_once(':').context("the address has no port")?;
        let log = self.folder.join("moto.log");
        let [certificate, key] = ["server.pem", "server.key"].map(|name| self.identity.join(name));
        let (certificate, key) = (certificate.to_string_lossy(), key.to_string_lossy());
        let tls = ["--ssl-cert", &*certificate, "--ssl-key", &*key];
        delay_start()?;
        let mut server =
            Program::start(&[&["moto.server", "--host", host, "--port", port], &tls[..]].concat(), &log)?;
        wait_until_listening(&self.address, &log, || server.has_ended())?;
        self.server = Some(server);
        Ok(())
    }

    /// Stops the server.
    pub fn stop(&mut self) {
        let Some(server) = self.server.take() else { return };
        drop(server);
        // The port can be open for a moment after the process has ended.
        let _ =
            wait::until(|| Ok(TcpStream::connect(&*self.address).is_err()), || "moto has stopped".to_owned());
    }

    /// Returns the server's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Replaces the server with a server that accepts connections and never responds.
    ///
    /// # Errors
    /// Returns an error if the address is in use.
    pub fn become_unresponsive(&mut self) -> anyhow::Result<UnresponsiveServer> {
        self.stop();
        UnresponsiveServer::bind(&self.address)
    }

    /// Returns the settings of a function that reads its secrets from this secret. The credentials are accepted until
    /// [`Self::enforce_access`] is called.
    #[must_use]
    pub fn settings(&self, secret_id: &str) -> Vec<(String, String)> {
        let bundle = self.identity.join("ca.pem").to_string_lossy().into_owned();
        let settings = [
            ("HALLPASS_SECRET_ID", secret_id),
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL", &self.url()),
            ("AWS_CA_BUNDLE", &bundle),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("AWS_SESSION_TOKEN", "FQoGZXIvYXdzEBYaDxWykwOL"),
        ];
        settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Creates a secret without a value, as `template.yaml` does.
    ///
    /// # Errors
    /// Returns an error if moto rejects the request.
    pub fn create_empty(&self, name: &str) -> anyhow::Result<()> {
        self.secrets_manager("CreateSecret", &json!({ "Name": name }))
    }

    /// Creates or replaces a secret.
    ///
    /// # Errors
    /// Returns an error if moto rejects the request.
    pub fn put(&self, name: &str, secret: &str) -> anyhow::Result<()> {
        self.put_as("SecretString", name, secret)
    }

    /// Creates or replaces a binary secret. `secret` is the value in Base64.
    ///
    /// # Errors
    /// Returns an error if moto rejects the request.
    pub fn put_binary(&self, name: &str, secret: &str) -> anyhow::Result<()> {
        self.put_as("SecretBinary", name, secret)
    }

    fn put_as(&self, field: &str, name: &str, secret: &str) -> anyhow::Result<()> {
        self.delete(name)?;
        let request = json!({ "Name": name, field: secret, "ClientRequestToken": "0".repeat(32) });
        self.secrets_manager("CreateSecret", &request)
    }

    /// Deletes a secret immediately, if it exists.
    ///
    /// # Errors
    /// Returns an error if moto rejects the request.
    pub fn delete(&self, name: &str) -> anyhow::Result<()> {
        self.secrets_manager("DeleteSecret", &json!({ "SecretId": name, "ForceDeleteWithoutRecovery": true }))
    }

    /// Creates a role that is allowed to read every secret, or nothing, and returns its credentials.
    ///
    /// # Errors
    /// Returns an error if moto rejects the request.
    pub fn create_role(&self, name: &str, may_read: bool) -> anyhow::Result<Credentials> {
        let policy = |statement: Value| {
            percent_encode(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
        };
        let trust =
            policy(json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole" }));
        let role = format!("RoleName={name}");
        self.query("iam", &format!("Action=CreateRole&{role}&AssumeRolePolicyDocument={trust}"))?;
        if may_read {
            let action = "secretsmanager:GetSecretValue";
            let read = policy(json!({ "Effect": "Allow", "Action": action, "Resource": "*" }));
            let put = format!("Action=PutRolePolicy&{role}&PolicyName=Read&PolicyDocument={read}");
            self.query("iam", &put)?;
        }
        let arn = percent_encode(&format!("arn:aws:iam::123456789012:role/{name}"));
        let assume = format!("Action=AssumeRole&RoleArn={arn}&RoleSessionName=hallpass");
        let response = self.query("sts", &assume)?;
        let element = |tag: &str| {
            let (_, rest) = response.split_once(&format!("<{tag}>")).with_context(|| response.clone())?;
            let (content, _) = rest.split_once('<').with_context(|| response.clone())?;
            anyhow::Ok(content.to_owned())
        };
        Ok(Credentials {
            id: element("AccessKeyId")?,
            key: element("SecretAccessKey")?,
            session: element("SessionToken")?,
        })
    }

    /// Starts checking signatures and the permissions of roles.
    ///
    /// # Errors
    /// Returns an error if moto rejects the request.
    pub fn enforce_access(&self) -> anyhow::Result<()> {
        let unchecked_calls = b"0";
        self.post("moto", "/moto-api/reset-auth", &[], unchecked_calls).map(drop)
    }

    fn secrets_manager(&self, action: &str, request: &Value) -> anyhow::Result<()> {
        let headers = [
            ("x-amz-target", format!("secretsmanager.{action}")),
            ("content-type", "application/x-amz-json-1.1".into()),
        ];
        self.post("secretsmanager", "/", &headers, request.to_string().as_bytes()).map(drop)
    }

    /// Calls a service with the query protocol, such as IAM or STS.
    fn query(&self, service: &str, form: &str) -> anyhow::Result<String> {
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        self.post(service, "/", &headers, form.as_bytes())
    }

    fn post(
        &self,
        service: &str,
        path: &str,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> anyhow::Result<String> {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/{REGION}/{service}/aws4_request");
        let mut request = http::Request::post(self.url() + path).header("authorization", scope);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = self.client.send(request.body(body.to_vec())?)?;
        let status = response.status();
        let body = String::from_utf8(response.into_body())?;
        ensure!(status == 200, "{service} responded with status {status}: {body}");
        Ok(body)
    }
}

fn percent_encode(string: &str) -> String {
    percent_encoding::utf8_percent_encode(string, percent_encoding::NON_ALPHANUMERIC).to_string()
}
