//! AWS Secrets Manager on this machine, over TLS, as moto plays it. It checks signatures and what a role may do, once
//! it is told to.

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

/// A running moto.
pub struct Moto {
    address: ReservedAddress,
    folder: PathBuf,
    /// The folder with the certificate.
    identity: PathBuf,
    client: Client,
    server: Option<Program>,
}

/// What AWS gives a function to identify itself with.
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub key: String,
    /// `AWS_SESSION_TOKEN`
    pub session: String,
}

/// Makes a certificate for a server on this machine: `ca.pem`, `server.pem` and `server.key` in this folder.
///
/// # Errors
/// If Python or its packages are not there.
pub fn create_certificate(folder: &Path) -> anyhow::Result<()> {
    let script = root().join("tests/interop/certificate.py");
    let arguments = [script.to_string_lossy(), folder.to_string_lossy()];
    Program::start(&arguments.each_ref().map(|text| &**text), &folder.join("certificate.log"))?.finish()
}

/// The folder with the certificate of this test run.
fn identity() -> anyhow::Result<PathBuf> {
    static MADE: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = &*made {
        return Ok(folder.clone());
    }
    let folder = scratch("moto-certificate")?;
    create_certificate(&folder)?;
    Ok(made.insert(folder).clone())
}

impl Moto {
    /// Starts it, with the certificate that all of a test run have. It knows no secret.
    ///
    /// # Errors
    /// Where a variable is not set, or it does not start.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let identity = identity()?;
        let authority = Certificate::from_pem(&std::fs::read(identity.join("ca.pem"))?)?;
        let (address, client) = (ReservedAddress::new()?, Client::trusting(authority));
        let mut moto = Self { address, folder: folder.to_owned(), identity, client, server: None };
        moto.restart()?;
        Ok(moto)
    }

    /// Starts it at the same address. It has forgotten all secrets.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.stop();
        let (host, port) = self.address.split_once(':').context("an address without a port")?;
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

    /// Ends it.
    pub fn stop(&mut self) {
        let Some(server) = self.server.take() else { return };
        drop(server);
        // A process that ends closes what it had open one after the other.
        let _ =
            wait::until(|| Ok(TcpStream::connect(&*self.address).is_err()), || "moto has ended".to_owned());
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Ends it, and lets a server take its place that answers nobody.
    ///
    /// # Errors
    /// Where the address is not free.
    pub fn become_unresponsive(&mut self) -> anyhow::Result<UnresponsiveServer> {
        self.stop();
        UnresponsiveServer::bind(&self.address)
    }

    /// The settings of a function that finds its secrets in this secret, with credentials that moto takes for good as
    /// long as it checks none.
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

    /// Makes a secret that has no value, as a stack does.
    ///
    /// # Errors
    /// Where moto does not take it.
    pub fn create_empty(&self, name: &str) -> anyhow::Result<()> {
        self.secrets_manager("CreateSecret", &json!({ "Name": name }))
    }

    /// Puts a secret in the place of the one of this name, if there is one.
    ///
    /// # Errors
    /// Where moto does not take it.
    pub fn put(&self, name: &str, secret: &str) -> anyhow::Result<()> {
        self.put_as("SecretString", name, secret)
    }

    /// The same for a binary secret, in Base64.
    ///
    /// # Errors
    /// Where moto does not take it.
    pub fn put_binary(&self, name: &str, secret: &str) -> anyhow::Result<()> {
        self.put_as("SecretBinary", name, secret)
    }

    fn put_as(&self, member: &str, name: &str, secret: &str) -> anyhow::Result<()> {
        self.delete(name)?;
        let wanted = json!({ "Name": name, member: secret, "ClientRequestToken": "0".repeat(32) });
        self.secrets_manager("CreateSecret", &wanted)
    }

    /// Deletes a secret at once, if there is one.
    ///
    /// # Errors
    /// Where moto does not do it.
    pub fn delete(&self, name: &str) -> anyhow::Result<()> {
        self.secrets_manager("DeleteSecret", &json!({ "SecretId": name, "ForceDeleteWithoutRecovery": true }))
    }

    /// The credentials of a new role, which may read every secret, or nothing.
    ///
    /// # Errors
    /// Where moto does not make it.
    pub fn create_role(&self, name: &str, may_read: bool) -> anyhow::Result<Credentials> {
        let policy = |statement: Value| {
            percent(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
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
        let arn = percent(&format!("arn:aws:iam::123456789012:role/{name}"));
        let assume = format!("Action=AssumeRole&RoleArn={arn}&RoleSessionName=hallpass");
        let answer = self.query("sts", &assume)?;
        let text = |tag: &str| {
            let (_, rest) = answer.split_once(&format!("<{tag}>")).with_context(|| answer.clone())?;
            let (text, _) = rest.split_once('<').with_context(|| answer.clone())?;
            anyhow::Ok(text.to_owned())
        };
        Ok(Credentials {
            id: text("AccessKeyId")?,
            key: text("SecretAccessKey")?,
            session: text("SessionToken")?,
        })
    }

    /// From here on it checks signatures, and what a role may do.
    ///
    /// # Errors
    /// Where moto does not do it.
    pub fn enforce_access(&self) -> anyhow::Result<()> {
        let unchecked_calls = b"0";
        self.post("moto", "/moto-api/reset-auth", &[], unchecked_calls).map(drop)
    }

    fn secrets_manager(&self, action: &str, wanted: &Value) -> anyhow::Result<()> {
        let headers = [
            ("x-amz-target", format!("secretsmanager.{action}")),
            ("content-type", "application/x-amz-json-1.1".into()),
        ];
        self.post("secretsmanager", "/", &headers, wanted.to_string().as_bytes()).map(drop)
    }

    /// Calls one of the older services.
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
        let answer = String::from_utf8(response.into_body())?;
        ensure!(status == 200, "{service} answered {status}: {answer}");
        Ok(answer)
    }
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
