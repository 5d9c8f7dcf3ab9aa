//! Functions for checks that verification fails. The checks of both formats use these functions.

use std::fmt::Debug;

use anyhow::{bail, ensure};
use hallpass_token::agora::{AppCertificate, AppId, VerifyError};

/// Returns the credentials of a project that signed none of the tokens.
pub(super) fn other_project() -> anyhow::Result<(AppId, AppCertificate)> {
    const HEX: &str = "ffffffffffffffffffffffffffffffff";
    Ok((AppId::parse(HEX)?, AppCertificate::parse(HEX)?))
}

pub(super) fn expect_error<T: Debug>(
    result: Result<T, VerifyError>,
    expected: VerifyError,
) -> anyhow::Result<()> {
    match result {
        Ok(verified) => bail!("{verified:?} is accepted, expected {expected:?}"),
        Err(error) => ensure!(error == expected, "the error is {error:?}, expected {expected:?}"),
    }
    Ok(())
}
