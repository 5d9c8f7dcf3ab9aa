//! What `POST /v1/inspect` answers, whoever's token it is.

use serde::Serialize;

/// The most services, privileges, permissions or names that an answer lists, each.
pub(super) const MAX_LISTED: usize = 32;

/// The whole answer; what could not be read is left out of `content`.
#[derive(Debug, Serialize)]
pub(super) struct Inspection<'a, C> {
    pub(super) provider: &'a str,
    #[serde(flatten)]
    pub(super) content: Option<C>,
    pub(super) signature: SignatureAnswer<'a>,
    pub(super) in_time: bool,
    pub(super) usable: bool,
    pub(super) problems: Vec<ProblemAnswer>,
}

/// Whether a secret of a configured project signed the token.
#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum SignatureAnswer<'a> {
    Valid {
        project: &'a str,
        /// The position among the project's certificates.
        #[serde(skip_serializing_if = "Option::is_none")]
        certificate: Option<usize>,
        /// The position among the project's secrets.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<usize>,
    },
    Invalid,
    NotChecked,
}

#[derive(Debug, Serialize)]
pub(super) struct ProblemAnswer {
    pub(super) code: &'static str,
    pub(super) severity: &'static str,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<&'static str>,
    pub(super) sdk_errors: Vec<SdkErrorAnswer>,
}

#[derive(Debug, Serialize)]
pub(super) struct SdkErrorAnswer {
    pub(super) sdk: &'static str,
    pub(super) code: i32,
    pub(super) name: &'static str,
}

/// The start of a text out of a token; whole where the text is one that the provider accepts.
pub(super) fn cut(text: &str) -> String {
    const MAX_CHARS: usize = 256;
    let mut rest = text.chars();
    let mut start: String = rest.by_ref().take(MAX_CHARS).collect();
    if rest.next().is_some() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(256)), "é".repeat(256));
        assert_eq!(cut(&"é".repeat(257)), "é".repeat(256) + "…");
    }
}
