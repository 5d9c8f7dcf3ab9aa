//! A second check of received credentials, with Agora's npm packages and, for VideoSDK, with jose. The result must
//! equal the provider's result.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::process::node;

/// The credentials of a request, and the provider's result.
#[derive(Clone)]
pub struct Credential {
    /// The input of `interop/credentials.mjs`: the credentials, and the keys that verify the credentials.
    pub(super) input: Value,
    /// The provider's result.
    pub(super) result: Value,
}

/// Checks credentials in one process, and returns the number of checked credentials.
///
/// # Errors
/// Returns an error if the packages cannot be run, there are no credentials, or a result differs from the provider's.
pub fn check(credentials: &[Credential]) -> anyhow::Result<usize> {
    ensure!(!credentials.is_empty(), "there are no credentials to check");
    let lines: String = credentials.iter().map(|credential| format!("{}\n", credential.input)).collect();
    let output = node("interop/credentials.mjs", &lines)?;
    let others = output.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
    let others = others.collect::<anyhow::Result<Vec<Value>>>()?;
    ensure!(
        others.len() == credentials.len(),
        "expected {} results, got {}",
        credentials.len(),
        others.len()
    );
    for (index, (Credential { result, .. }, other)) in credentials.iter().zip(others).enumerate() {
        ensure!(*result == other, "credentials {index}: the provider found {result}, the packages {other}");
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
    fn packages_and_providers_have_the_same_results() -> anyhow::Result<()> {
        let (agora, videosdk) = (Provider::start(Agora::default())?, Provider::start(Videosdk::default())?);
        agora.set_clock(Some(NOW));
        videosdk.set_clock(Some(NOW));
        let (agora_cases, videosdk_cases) = (agora_cases(), videosdk_cases());
        agora_cases.iter().for_each(|case| drop(send(&agora.url(), &case.request)));
        videosdk_cases.iter().for_each(|case| drop(send(&videosdk.url(), &case.request)));
        let credentials = [agora.credentials(), videosdk.credentials()].concat();
        let cases = agora_cases.iter().chain(&videosdk_cases);
        let missing = cases.filter(|case| case.caller.starts_with("Err(Missing")).count();
        assert_eq!(check(&credentials)?, agora_cases.len() + videosdk_cases.len() - missing);

        // The check must report each changed result of a provider.
        for index in (0..credentials.len()).step_by(20) {
            let mut changed = credentials.clone();
            changed[index].result["kind"] = "different".into();
            let error = check(&changed).unwrap_err().to_string();
            assert!(error.starts_with(&format!("credentials {index}:")), "{error}");
        }
        Ok(())
    }

    #[test]
    fn rejects_an_empty_list() {
        assert!(check(&[]).is_err());
    }
}
