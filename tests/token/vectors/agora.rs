//! The test vectors of the file `agora.json`.

mod build;
mod builder;
mod content;
mod mint;
mod recorded;
mod rejection;
mod v006;
mod v007;
mod verdict;

use serde::Deserialize;
use serde_json::Value;

use self::build::Build;
use self::recorded::RecordedToken;
use self::verdict::VerdictVector;
use super::run::Passed;

/// The builders in `agora.json`. Other files can contain `edu_user` and `edu_app` too.
pub(super) const BUILDERS: [&str; 23] = [
    "apaas_app",
    "apaas_room",
    "apaas_user",
    "chat_app",
    "chat_user",
    "convoai",
    "edu_room",
    "fpa",
    "raw006",
    "raw007",
    "rtc006_account",
    "rtc006_uid",
    "rtc_account",
    "rtc_account_priv",
    "rtc_rtm",
    "rtc_rtm2",
    "rtc_uid",
    "rtc_uid_priv",
    "rtm",
    "rtm006",
    "rtm2_perm",
    "rtm_stream",
    "stt",
];

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Vector {
    /// The token that an official builder returned for given arguments.
    Build(Build),
    /// A token from the tests of an official SDK.
    Fixed(RecordedToken),
    /// A token from another source. The certificate that signed the token is unknown.
    Parse(RecordedToken),
    /// A token with the verdict that a strict verifier must return.
    Verify(VerdictVector),
}

pub(super) fn check(vector: &Value) -> anyhow::Result<Passed> {
    match Vector::deserialize(vector)? {
        Vector::Build(build) => {
            let (typed, tokens) = build.check()?;
            let builder = vector["builder"].as_str().unwrap_or_default();
            Ok(Passed { kind: format!("build {builder}"), typed, tokens })
        }
        Vector::Fixed(known) => known.check().map(|()| passed_token("fixed")),
        Vector::Parse(known) => known.check().map(|()| passed_token("parse")),
        Vector::Verify(vector) => vector.check().map(|()| passed_token("verify")),
    }
}

fn passed_token(kind: &str) -> Passed {
    Passed { kind: kind.to_owned(), typed: false, tokens: 1 }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
