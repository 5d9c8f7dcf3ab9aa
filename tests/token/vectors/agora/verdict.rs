//! Vectors of kind `verify`: modified tokens, and the verdict that a strict verifier must return for each token.

use anyhow::{bail, ensure};
use hallpass_token::agora::v007::{Remainder, Untrusted007};
use hallpass_token::agora::{
    AppCertificate, Base64Error, HexError, ParseError, Project, VerifyError, ZlibError,
};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct VerdictVector {
    id: String,
    format: String,
    token: String,
    app_certificate: String,
    recommended_verdict: String,
}

/// The verdict of the crate on a token.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// The signature is valid. The variant contains the data after the services that could be parsed.
    Accepted(Remainder),
    NoCertificate(HexError),
    Malformed(ParseError),
    Rejected(VerifyError),
}

/// The expected verdicts of the crate on the recorded tokens. Each verdict includes the exact error, so that one error
/// cannot hide another error.
const EXPECTED: [(&str, Verdict); 22] = [
    ("neg-01-valid", Verdict::Accepted(Remainder::Empty)),
    ("neg-03-cert-uppercase", Verdict::Rejected(VerifyError::BadSignature)),
    ("neg-06-cert-empty", Verdict::NoCertificate(HexError::Length(0))),
    ("neg-07-payload-bit-flip", Verdict::Rejected(VerifyError::BadSignature)),
    ("neg-08-signature-bit-flip", Verdict::Rejected(VerifyError::BadSignature)),
    ("neg-10-signature-33-bytes", Verdict::Malformed(ParseError::SignatureLength(33))),
    ("neg-11-signature-empty", Verdict::Malformed(ParseError::SignatureLength(0))),
    ("neg-16-prefix-only", Verdict::Malformed(ParseError::Zlib(ZlibError::Truncated))),
    ("neg-17-not-base64", Verdict::Malformed(ParseError::Base64(Base64Error::Character { offset: 0 }))),
    ("neg-18-no-padding", Verdict::Malformed(ParseError::Base64(Base64Error::Padding))),
    ("neg-24-inner-newline", Verdict::Malformed(ParseError::Base64(Base64Error::Whitespace))),
    ("neg-25-zlib-truncated", Verdict::Malformed(ParseError::Zlib(ZlibError::Truncated))),
    ("neg-26-zlib-bad-adler", Verdict::Malformed(ParseError::Zlib(ZlibError::Checksum))),
    ("neg-29-uncompressed", Verdict::Malformed(ParseError::Zlib(ZlibError::Header))),
    ("neg-30-zlib-level-9", Verdict::Accepted(Remainder::Empty)),
    ("neg-31-zlib-level-0", Verdict::Accepted(Remainder::Empty)),
    (
        "neg-35-unknown-service-then-rtc",
        Verdict::Accepted(Remainder::UnknownService { number: 999, services: 2 }),
    ),
    ("neg-36-rtc-then-unknown", Verdict::Accepted(Remainder::UnknownService { number: 999, services: 1 })),
    ("neg-37-convoai-type-9", Verdict::Accepted(Remainder::Empty)),
    ("neg-38-app-id-not-hex", Verdict::Malformed(ParseError::AppId(HexError::Length(5)))),
    ("neg-39-dup-privilege-key", Verdict::Accepted(Remainder::Empty)),
    ("neg-40-non-utf8-channel", Verdict::Malformed(ParseError::InvalidUtf8)),
];

impl VerdictVector {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.format == "007", "verdicts for format {} are not supported", self.format);
        let verdict = self.verdict();
        if let Some((_, expected)) = EXPECTED.iter().find(|(id, _)| *id == self.id) {
            ensure!(verdict == *expected, "the verdict is {verdict:?}, expected {expected:?}");
        }
        let matches = match self.recommended_verdict.as_str() {
            "accept" => matches!(verdict, Verdict::Accepted(_)),
            "reject" => !matches!(verdict, Verdict::Accepted(_)),
            "signature ok, but report 'unknown service, rest unreadable'" => {
                matches!(verdict, Verdict::Accepted(Remainder::UnknownService { .. }))
            }
            "signature ok by most SDKs; a strict parser should reject or warn" => true,
            other => bail!("the verdict {other:?} is not defined"),
        };
        ensure!(matches, "the verdict is {verdict:?}, expected: {}", self.recommended_verdict);
        Ok(())
    }

    fn verdict(&self) -> Verdict {
        let certificate = match AppCertificate::parse(&self.app_certificate) {
            Ok(certificate) => certificate,
            Err(error) => return Verdict::NoCertificate(error),
        };
        let token = match Untrusted007::parse(&self.token) {
            Ok(token) => token,
            Err(error) => return Verdict::Malformed(error),
        };
        let project = Project { app_id: token.app_id(), certificates: &[certificate] };
        match token.verify(project, token.issued_at()) {
            Ok(verified) => Verdict::Accepted(verified.remainder()),
            Err(error) => Verdict::Rejected(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn lists_the_verdict_for_every_recorded_token() {
        let file: Value = serde_json::from_str(include_str!("../agora.json")).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        let ids = vectors.iter().filter(|vector| vector["kind"] == "verify");
        assert!(ids.map(|vector| vector["id"].as_str().unwrap()).eq(EXPECTED.iter().map(|(id, _)| *id)));
    }
}
