//! Errors of the client for Secrets Manager.

use std::fmt;
use std::time::Duration;

use hallpass_service::StoreError;

/// The setting that holds the name or ARN of the secret.
pub(super) const SECRET_ID: &str = "HALLPASS_SECRET_ID";

/// An error that prevents the Lambda function from reading its secrets. The error names settings and fields, and never
/// contains the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretsManagerError {
    /// A setting is missing or invalid.
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// The expected value.
        expected: &'static str,
    },
    /// The settings contain no credentials, or credentials that are not valid in a header.
    NoCredentials,
    /// The time limit expired before the response was complete.
    TimedOut {
        /// The time limit, after multiplication by the factor.
        limit: Duration,
    },
    /// The connection failed, or the server's certificate is not trusted.
    Unreachable,
    /// AWS does not accept the credentials.
    NotAuthenticated {
        /// The error code in AWS's response, if any.
        code: Option<String>,
    },
    /// The function's role is not allowed to read the secret.
    Denied {
        /// The error code in AWS's response, if any.
        code: Option<String>,
    },
    /// The secret does not exist.
    NotFound,
    /// The response has an error status that no other variant describes.
    Failed {
        /// The HTTP status.
        status: u16,
        /// The error code in AWS's response, if any.
        code: Option<String>,
    },
    /// The response or the secret has an unexpected format. The string describes the format that was found.
    Malformed(&'static str),
    /// A field of the secret is invalid.
    Field {
        /// The name of the field.
        name: String,
        /// The expected value.
        expected: &'static str,
    },
}

impl std::error::Error for SecretsManagerError {}

/// Converts an error to the service's error. The field `names` contains the setting or field to check.
impl From<&SecretsManagerError> for StoreError {
    fn from(error: &SecretsManagerError) -> Self {
        let name = match error {
            SecretsManagerError::Setting { name, .. } => name,
            SecretsManagerError::Field { name, .. } => name.as_str(),
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
                "there are no credentials for Secrets Manager. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; Lambda sets them for the function's role",
            ),
            Self::TimedOut { limit } => write!(
                f,
                "Secrets Manager did not respond within {:.1} s. If the function is in a VPC, add a route to Secrets Manager, such as an interface endpoint",
                limit.as_secs_f32()
            ),
            Self::Unreachable => f.write_str(
                "the connection to Secrets Manager failed or is not trusted. Check that AWS_REGION names a region. If AWS_ENDPOINT_URL_SECRETS_MANAGER is set, check that it is the URL of Secrets Manager in this region. Check that a public authority or one in AWS_CA_BUNDLE issued the server's certificate",
            ),
            Self::NotAuthenticated { code } => write!(
                f,
                "Secrets Manager does not accept the credentials{}. Use the AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN that Lambda sets for the function's role. Check that they have not expired, and that the clock is correct",
                InParentheses(code.as_deref())
            ),
            Self::Denied { code } => write!(
                f,
                "Secrets Manager denied access to the secret{}. Grant the function's role secretsmanager:GetSecretValue on the secret and, if a customer managed key encrypts it, kms:Decrypt on the key",
                InParentheses(code.as_deref())
            ),
            Self::NotFound => f.write_str(
                "Secrets Manager has no such secret. Set HALLPASS_SECRET_ID to the name or ARN of a secret in this region",
            ),
            Self::Failed { status, code } => write!(
                f,
                "Secrets Manager responded with status {status}{}, expected 200",
                InParentheses(code.as_deref())
            ),
            Self::Malformed(found) => write!(
                f,
                "Secrets Manager returned {found}, expected a JSON object of the secrets' names and values"
            ),
            Self::Field { name, expected } => {
                write!(f, "field `{name}` of the secret in Secrets Manager: expected {expected}")
            }
        }
    }
}

/// An optional error code, formatted in parentheses after a space. Without a code, the output is empty.
struct InParentheses<'a>(Option<&'a str>);

impl fmt::Display for InParentheses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |code| write!(f, " ({code})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_contain_the_error_code() {
        let failed = |code: Option<&str>| {
            SecretsManagerError::Failed { status: 500, code: code.map(str::to_owned) }.to_string()
        };
        assert_eq!(
            failed(Some("InternalServiceError")),
            "Secrets Manager responded with status 500 (InternalServiceError), expected 200"
        );
        assert_eq!(failed(None), "Secrets Manager responded with status 500, expected 200");
    }

    #[test]
    fn timeout_messages_contain_the_effective_limit() {
        for (limit, expected) in
            [(super::super::STORE_TIMEOUT, "within 1.5 s"), (Duration::from_secs(30), "within 30.0 s")]
        {
            let message = SecretsManagerError::TimedOut { limit }.to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
