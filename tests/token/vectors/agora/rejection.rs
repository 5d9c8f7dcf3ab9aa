//! Shared checks of failed verification.

use std::fmt::Debug;

use anyhow::{bail, ensure};
use hallpass_token::agora::{AppCertificate, AppId, VerifyError};

/// Returns a project that signed none of the tokens.
pub(super) fn other_project() -> anyhow::Result<(AppId, AppCertificate)> {
    const HEX: &str = "ffffffffffffffffffffffffffffffff";
    Ok((AppId::parse(HEX)?, AppCertificate::parse(HEX)?))
}

pub(super) fn expect_error<T: Debug>(
    result: Result<T, VerifyError>,
    expected: VerifyError,
) -> anyhow::Result<()> {
    match result {
        Ok(verified) => bail!("{verified:?} is accepted, and not refused with {expected:?}"),
        Err(error) => ensure!(error == expected, "it is refused with {error:?}, and not with {expected:?}"),
    }
    Ok(())
}
