//! The certificate that signed a token, for tests in which certificates change.

use anyhow::{Context as _, ensure};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{AppCertificate, AppId, Project};
use serde_json::{Value, json};

use crate::target::{Request, Target};

/// The current certificate, from Agora's own tests.
pub const OLD: &str = "5CFd2fd1755d40ecb72977518be15d3b";
/// The certificate that replaces [`OLD`].
pub const NEXT: &str = "b3a1f0c24d5e6978812a3b4c5d6e7f90";

/// Requests a token of the default project and returns the certificate that signed the token: [`OLD`] or [`NEXT`].
/// `app_id` is the App ID of the default project.
///
/// # Errors
/// Returns an error if there is no token, or neither certificate signed the token.
pub fn signer(target: &mut impl Target, app_id: &str) -> anyhow::Result<&'static str> {
    let body = json!({ "rtc": { "channel": "demo", "uid": 1 } });
    let (status, body) = target.send_for_json(&Request::post("/v1/token", &body, None))?;
    ensure!(status == 200, "{status} {body}");
    let token = body.get("token").and_then(Value::as_str).context("no token")?;
    signer_of(token, app_id).context("neither certificate signed the token")
}

/// Returns the certificate that signed a token of the format 007: [`OLD`], [`NEXT`], or `None` if neither certificate
/// signed the token.
#[must_use]
pub fn signer_of(token: &str, app_id: &str) -> Option<&'static str> {
    let (token, app_id) = (Untrusted007::parse(token).ok()?, AppId::parse(app_id).ok()?);
    [OLD, NEXT].into_iter().find(|certificate| {
        let certificates: Vec<_> = AppCertificate::parse(certificate).into_iter().collect();
        token.verify(Project { app_id: &app_id, certificates: &certificates }, token.issued_at()).is_ok()
    })
}
