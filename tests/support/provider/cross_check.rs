//! What a provider thinks of the credentials that came, beside what Agora's own npm packages, and for VideoSDK jose,
//! think of them.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::process::node;

/// Credentials as they came, with the keys that they are checked with.
#[derive(Clone)]
pub struct Credential {
    /// For `interop/credentials.mjs`.
    pub(super) given: Value,
    /// What the provider found.
    pub(super) found: Value,
}

/// Has all credentials checked again, in one process; says how many those were.
///
/// # Errors
/// Where the packages cannot be run, there are no credentials, or a provider found something else in one.
pub fn check(credentials: &[Credential]) -> anyhow::Result<usize> {
    ensure!(!credentials.is_empty(), "there are no credentials to check");
    let lines: String = credentials.iter().map(|credential| format!("{}\n", credential.given)).collect();
    let answers = node("credentials.mjs", &lines)?;
    let answers = answers.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
    let answers = answers.collect::<anyhow::Result<Vec<Value>>>()?;
    ensure!(answers.len() == credentials.len(), "{} went in, {} came out", credentials.len(), answers.len());
    for (number, (Credential { found, .. }, answer)) in credentials.iter().zip(answers).enumerate() {
        ensure!(*found == answer, "credentials {number}: we found {found}, the packages {answer}");
    }
    Ok(credentials.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::requests::{NOW, agora_cases, send, videosdk_cases};
    use crate::provider::{Agora, Provider, Videosdk};

    #[test]
    #[ignore = "needs the npm packages; cargo xtask test runs it"]
    fn the_packages_think_of_every_sort_of_credentials_as_the_providers_do() -> anyhow::Result<()> {
        let (agora, videosdk) = (Provider::start(Agora::default())?, Provider::start(Videosdk::default())?);
        agora.set_clock(Some(NOW));
        videosdk.set_clock(Some(NOW));
        let (of_agora, of_videosdk) = (agora_cases(), videosdk_cases());
        of_agora.iter().for_each(|case| drop(send(&agora.url(), &case.request)));
        of_videosdk.iter().for_each(|case| drop(send(&videosdk.url(), &case.request)));
        let credentials = [agora.credentials(), videosdk.credentials()].concat();
        let missing = of_agora.iter().chain(&of_videosdk).filter(|case| case.is.starts_with("Err(Missing"));
        let expected = of_agora.len() + of_videosdk.len() - missing.count();
        assert_eq!(check(&credentials)?, expected);

        // Whatever else a provider had found, it would show.
        for number in (0..credentials.len()).step_by(20) {
            let mut others = credentials.clone();
            others[number].found["is"] = "somebody else".into();
            let error = check(&others).unwrap_err().to_string();
            assert!(error.starts_with(&format!("credentials {number}:")), "{error}");
        }
        Ok(())
    }

    #[test]
    fn without_credentials_nothing_is_checked() {
        assert!(check(&[]).is_err());
    }
}
