//! The claims of a parsed token.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::error::ParseError;
use super::json::Object;
use super::scope::Roles;

/// The claims of a token in their original form. The values are not validated.
///
/// Claims that VideoSDK does not define are omitted.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedClaims {
    /// The project's API key, `apikey`. `Debug` prints `…` instead of this field, because some users put the secret
    /// here by mistake.
    pub api_key: String,
    /// The claim `permissions`. If the claim is missing, the list is empty.
    pub permissions: Vec<String>,
    /// The claim `version`.
    pub version: Option<Version>,
    /// The claim `roles`, with each role in its original case. If the claim is missing, the list is empty.
    /// [`ParsedClaims::known_roles`] parses the roles.
    pub roles: Vec<String>,
    /// The only room in which the token is valid, `roomId`.
    pub room: Option<String>,
    /// The only participant for whom the token is valid, `participantId`.
    pub participant: Option<String>,
    /// The issue time, a Unix time in seconds: `iat` (RFC 7519 section 4.1.6).
    pub issued_at: Option<u64>,
    /// The Unix time in seconds before which the token is not valid: `nbf` (RFC 7519 section 4.1.5).
    pub not_before: Option<u64>,
    /// The Unix time in seconds from which the token is not valid: `exp` (RFC 7519 section 4.1.4).
    pub expires_at: Option<u64>,
    /// The token's ID, `jti` (RFC 7519 section 4.1.7).
    pub id: Option<String>,
}

/// The claim `version`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// A number. VideoSDK defines only version `2`.
    Number(u64),
    /// A string. VideoSDK's SDKs never write `version` as a string.
    String(String),
}

impl ParsedClaims {
    /// Returns the roles that VideoSDK defines. The comparison ignores case.
    #[must_use]
    pub fn known_roles(&self) -> Roles {
        self.roles.iter().filter_map(|name| Roles::named(name)).fold(Roles::None, Roles::and)
    }

    /// Returns whether `permissions` contains this name.
    #[must_use]
    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions.iter().any(|name| name == permission)
    }

    /// Parses each claim, and returns an error for each invalid claim.
    ///
    /// In the result, an invalid claim appears to be missing. Therefore, use claims with errors only for a report.
    pub(super) fn read(claims: &Object) -> (Self, Vec<ParseError>) {
        let mut errors = Vec::new();
        let api_key = claims.string("apikey").and_then(|key| key.ok_or(ParseError::Missing("apikey")));
        let version = claims.read("version", "an integer", |value| {
            value.to_integer().map(Version::Number).or_else(|| value.to_string_value().map(Version::String))
        });
        let claims = Self {
            api_key: or_report(api_key, &mut errors),
            permissions: or_report(claims.strings("permissions"), &mut errors).unwrap_or_default(),
            version: or_report(version, &mut errors),
            roles: or_report(claims.strings("roles"), &mut errors).unwrap_or_default(),
            room: or_report(claims.string("roomId"), &mut errors),
            participant: or_report(claims.string("participantId"), &mut errors),
            issued_at: or_report(claims.integer("iat"), &mut errors),
            not_before: or_report(claims.integer("nbf"), &mut errors),
            expires_at: or_report(claims.integer("exp"), &mut errors),
            id: or_report(claims.string("jti"), &mut errors),
        };
        (claims, errors)
    }
}

fn or_report<T: Default>(claim: Result<T, ParseError>, errors: &mut Vec<ParseError>) -> T {
    claim.unwrap_or_else(|error| {
        errors.push(error);
        T::default()
    })
}

impl fmt::Debug for ParsedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedClaims")
            .field("api_key", &format_args!("…"))
            .field("permissions", &self.permissions)
            .field("version", &self.version)
            .field("roles", &self.roles)
            .field("room", &self.room)
            .field("participant", &self.participant)
            .field("issued_at", &self.issued_at)
            .field("not_before", &self.not_before)
            .field("expires_at", &self.expires_at)
            .field("id", &self.id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn read(claims: &str) -> (ParsedClaims, Vec<ParseError>) {
        ParsedClaims::read(&Object::parse(claims.as_bytes()).unwrap())
    }

    #[test]
    fn parses_every_claim() {
        let claims = r#"{"apikey":"k","permissions":["ask_join","x"],"version":2,"roles":["Rtc"],
            "participantId":"p","roomId":"r","iat":1,"nbf":2,"exp":3,"jti":"j"}"#;
        assert_eq!(
            read(claims),
            (
                ParsedClaims {
                    api_key: "k".into(),
                    permissions: ["ask_join".into(), "x".into()].into(),
                    version: Some(Version::Number(2)),
                    roles: ["Rtc".into()].into(),
                    room: Some("r".into()),
                    participant: Some("p".into()),
                    issued_at: Some(1),
                    not_before: Some(2),
                    expires_at: Some(3),
                    id: Some("j".into()),
                },
                Vec::new()
            )
        );
    }

    #[test]
    fn requires_only_the_api_key() {
        assert_eq!(read(r#"{"apikey":"k"}"#).1, []);
        assert_eq!(read(r#"{"apiKey":"k"}"#).1, [ParseError::Missing("apikey")]);
    }

    #[test]
    fn accepts_a_version_string() {
        let claims = read(r#"{"apikey":"k","version":"2"}"#).0;
        assert_eq!(claims.version, Some(Version::String("2".into())));
    }

    #[test]
    fn keeps_a_time_in_milliseconds() {
        let claims = read(r#"{"apikey":"k","exp":1700000600000}"#).0;
        assert_eq!(claims.expires_at, Some(1_700_000_600_000));
    }

    #[test]
    fn rejects_claims_of_another_type() {
        for claim in [
            r#""permissions":"allow_join""#,
            r#""version":2.0"#,
            r#""version":true"#,
            r#""roles":"rtc""#,
            r#""roomId":null"#,
            r#""participantId":7"#,
            r#""iat":"now""#,
            r#""nbf":-1"#,
            r#""exp":1.5"#,
            r#""jti":[]"#,
        ] {
            let (claims, errors) = read(&format!("{{\"apikey\":\"k\",{claim}}}"));
            assert!(matches!(*errors, [ParseError::WrongType { .. }]), "{claim}");
            assert_eq!((claims, Vec::new()), read(r#"{"apikey":"k"}"#));
        }
    }

    #[test]
    fn reports_all_invalid_claims() {
        let (claims, errors) =
            read(r#"{"apikey":1,"permissions":"allow_join","roomId":"r","exp":2,"exp":2}"#);
        let names: Vec<_> = errors.iter().map(ParseError::claim).collect();
        assert_eq!(names, [Some("apikey"), Some("permissions"), Some("exp")]);
        assert_eq!(claims.room.as_deref(), Some("r"));
    }

    #[test]
    fn redacts_the_api_key() {
        let claims = read(r#"{"apikey":"hunter2","roomId":"r"}"#).0;
        let printed = format!("{claims:?} {claims:#?}");
        assert!(
            !printed.contains("hunter2") && printed.contains(r#"api_key: …, permissions: []"#),
            "{printed}"
        );
    }

    #[test]
    fn skips_unknown_roles() {
        let claims = read(r#"{"apikey":"k","roles":["host","CRAWLER"]}"#).0;
        assert_eq!(claims.known_roles(), Roles::Crawler);
    }
}
