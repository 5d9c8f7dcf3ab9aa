//! Why the secrets could not be had.

use std::fmt;
use std::time::Duration;

use hallpass_service::StoreError;

/// The setting that holds the name or ARN of the secret.
pub(super) const SECRET_ID: &str = "HALLPASS_SECRET_ID";

/// Why the secrets could not be had from where the platform keeps them. It names things and never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretsManagerError {
    /// A setting is not what it must be.
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// There is nothing to identify this function with.
    NoCredentials,
    /// There was no complete response within the time limit.
    TimedOut {
        /// The limit in force.
        limit: Duration,
    },
    /// There was no connection that can be trusted, or it broke.
    Unreachable,
    /// The request does not prove whose it is.
    NotAuthenticated {
        /// The store's own name for the reason.
        code: Option<String>,
    },
    /// This function may not read the secret.
    Denied {
        /// The store's own name for the reason.
        code: Option<String>,
    },
    /// There is no such secret.
    NotFound,
    /// Any other answer that brings no secret.
    Failed {
        /// The HTTP status.
        status: u16,
        /// The store's own name for the reason.
        code: Option<String>,
    },
    /// The answer or the secret in it cannot be read.
    Malformed(&'static str),
    /// The secret has a member of this name that cannot be used.
    Member {
        /// The name.
        name: String,
        /// What the member must be.
        expected: &'static str,
    },
}

impl std::error::Error for SecretsManagerError {}

/// As the service and whoever operates it see it.
impl From<&SecretsManagerError> for StoreError {
    fn from(error: &SecretsManagerError) -> Self {
        let name = match error {
            SecretsManagerError::Setting { name, .. } => name,
            SecretsManagerError::Member { name, .. } => name.as_str(),
            SecretsManagerError::NoCredentials | SecretsManagerError::NotAuthenticated { .. } => {
                "AWS_ACCESS_KEY_ID"
            }
            SecretsManagerError::TimedOut { .. }
            | SecretsManagerError::Unreachable
            | SecretsManagerError::Denied { .. }
            | SecretsManagerError::NotFound
            | SecretsManagerError::Failed { .. }
            | SecretsManagerError::Malformed(_) => SECRET_ID,
        };
        let is_timeout = matches!(error, SecretsManagerError::TimedOut { .. });
        Self { names: vec![name.to_owned()], reason: error.to_string().into(), is_timeout }
    }
}

impl fmt::Display for SecretsManagerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { name, expected } => write!(f, "{name}: expected {expected}"),
            Self::NoCredentials => f.write_str(
                "there are no credentials to ask Secrets Manager with: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set, as Lambda does for the function's role",
            ),
            Self::TimedOut { limit } => write!(
                f,
                "Secrets Manager did not answer within {:.1} s: a function in a VPC needs a way to it, such as an interface endpoint",
                limit.as_secs_f32()
            ),
            Self::Unreachable => f.write_str(
                "there is no trusted connection to Secrets Manager: AWS_REGION must name a region, AWS_ENDPOINT_URL_SECRETS_MANAGER, where it is set, the address of Secrets Manager there, and the certificate must come from a public authority or from one in AWS_CA_BUNDLE",
            ),
            Self::NotAuthenticated { code } => write!(
                f,
                "Secrets Manager does not accept the credentials{}: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN must be as Lambda sets them for the function's role, and not have expired, and the clock must be right",
                InBrackets(code.as_deref())
            ),
            Self::Denied { code } => write!(
                f,
                "Secrets Manager denies access{}: the function's role needs secretsmanager:GetSecretValue on the secret, and kms:Decrypt on its key where it has one of its own",
                InBrackets(code.as_deref())
            ),
            Self::NotFound => f.write_str(
                "there is no such secret, or it has no value: HALLPASS_SECRET_ID must be the name or ARN of one in this region",
            ),
            Self::Failed { status, code } => write!(
                f,
                "Secrets Manager answered with status {status}{}: expected a secret",
                InBrackets(code.as_deref())
            ),
            Self::Malformed(found) => write!(
                f,
                "Secrets Manager gave {found}: expected a JSON object with the names of secrets and their values"
            ),
            Self::Member { name, expected } => {
                write!(f, "the secret in Secrets Manager at `{name}`: expected {expected}")
            }
        }
    }
}

/// ` (code)`, or nothing.
struct InBrackets<'a>(Option<&'a str>);

impl fmt::Display for InBrackets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |text| write!(f, " ({text})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_code_where_there_is_one() {
        let failed = |code: Option<&str>| {
            SecretsManagerError::Failed { status: 500, code: code.map(str::to_owned) }.to_string()
        };
        assert_eq!(
            failed(Some("InternalServiceError")),
            "Secrets Manager answered with status 500 (InternalServiceError): expected a secret"
        );
        assert_eq!(failed(None), "Secrets Manager answered with status 500: expected a secret");
    }

    #[test]
    fn a_message_names_the_limit_in_force() {
        for (limit, text) in
            [(super::super::STORE_TIMEOUT, "within 1.5 s"), (Duration::from_secs(30), "within 30.0 s")]
        {
            let message = SecretsManagerError::TimedOut { limit }.to_string();
            assert!(message.contains(text), "{message}");
        }
    }
}
