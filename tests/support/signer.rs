//! Which certificate signed a token: for tests in which they change.

use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{AppCertificate, AppId, Project};

/// The certificate from before: the one that Agora's own tests publish.
pub const OLD: &str = "5CFd2fd1755d40ecb72977518be15d3b";
/// The one that takes its place.
pub const NEXT: &str = "b3a1f0c24d5e6978812a3b4c5d6e7f90";

/// Which of [`OLD`] and [`NEXT`] signed a token of format 007, if one of them did.
#[must_use]
pub fn signer_of(token: &str, app_id: &str) -> Option<&'static str> {
    let (token, app_id) = (Untrusted007::parse(token).ok()?, AppId::parse(app_id).ok()?);
    [OLD, NEXT].into_iter().find(|certificate| {
        let certificates: Vec<_> = AppCertificate::parse(certificate).into_iter().collect();
        token.verify(Project { app_id: &app_id, certificates: &certificates }, token.issued_at()).is_ok()
    })
}
