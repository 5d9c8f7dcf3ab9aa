//! Detection of a token's format from its first characters, its length and its separators.

use core::fmt;

/// The format of a token, detected from its first characters, its length and its separators. The token is not
/// validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An Agora token of format 006.
    V006,
    /// An Agora token of format 007.
    V007,
    /// A format that Agora used before 2018.
    Legacy(LegacyFormat),
    /// A JSON Web Token (RFC 7519), as used by VideoSDK.
    Jwt,
    /// An empty string.
    Empty,
    /// A string that does not match any known format.
    Unknown,
}

/// A format of Agora's SDKs older than 2.1 (Formats 4). These formats sign with HMAC-SHA1 or MD5. This crate supports
/// none of these formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyFormat {
    /// A dynamic key without a version: 90 or 110 hexadecimal characters.
    DynamicKey,
    /// A key of format 002.
    V002,
    /// A key of format 003.
    V003,
    /// A key of format 004.
    V004,
    /// A key of format 005.
    V005,
    /// A token of the old Signaling SDK: `1`, App ID, expiry and MD5 hash, separated by colons.
    Signaling,
}

impl Format {
    /// Detects the format of a token.
    #[must_use]
    pub fn detect(string: &str) -> Self {
        if string.is_empty() {
            return Self::Empty;
        }
        if let Some(legacy) = LegacyFormat::detect(string) {
            return Self::Legacy(legacy);
        }
        match string.get(..3) {
            Some("006") => Self::V006,
            Some("007") => Self::V007,
            // The Base64 encoding of `{"`, the start of a JWT header.
            Some("eyJ") if string.bytes().filter(|byte| *byte == b'.').count() == 2 => Self::Jwt,
            _ => Self::Unknown,
        }
    }
}

impl LegacyFormat {
    fn detect(string: &str) -> Option<Self> {
        let is_hex = |string: &str| string.bytes().all(|byte| byte.is_ascii_hexdigit());
        if matches!(string.len(), 90 | 110) && is_hex(string) {
            return Some(Self::DynamicKey);
        }
        let mut parts = string.split(':');
        if let (Some("1"), Some(app_id), Some(_), Some(hash)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            let signaling = app_id.len() == 32 && hash.len() == 32 && is_hex(app_id) && is_hex(hash);
            return signaling.then_some(Self::Signaling);
        }
        match string.get(..3)? {
            "002" => Some(Self::V002),
            "003" => Some(Self::V003),
            "004" => Some(Self::V004),
            "005" => Some(Self::V005),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V006 => f.write_str("an Agora token of format 006"),
            Self::V007 => f.write_str("an Agora token of format 007"),
            Self::Legacy(legacy) => write!(f, "{legacy}"),
            Self::Jwt => f.write_str("a JSON Web Token, as used by VideoSDK"),
            Self::Empty => f.write_str("empty"),
            Self::Unknown => f.write_str("not a token of a known format"),
        }
    }
}

impl fmt::Display for LegacyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DynamicKey => "a dynamic key, accepted by Agora's SDKs until 2015",
            Self::V002 => "a key of format 002",
            Self::V003 => "a key of format 003, accepted by Agora's SDKs from 1.2.3 to 2.1",
            Self::V004 => "a key of format 004, accepted by Agora's SDKs from 1.3.0 to 2.1",
            Self::V005 => "a key of format 005, accepted by Agora's SDKs from 1.7.0 to 2.1",
            Self::Signaling => "a token of the old Signaling SDK, which Agora replaced with RTM",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const HEX_32: &str = "970CA35de60c44645bbae8a215061b33";

    #[test]
    fn detects_each_format() {
        for (string, format) in [
            ("", Format::Empty),
            ("006", Format::V006),
            ("007eJx", Format::V007),
            ("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", Format::Jwt),
            ("eyJhbGciOiJIUzI1NiJ9", Format::Unknown),
            ("002", Format::Legacy(LegacyFormat::V002)),
            ("003x", Format::Legacy(LegacyFormat::V003)),
            ("004x", Format::Legacy(LegacyFormat::V004)),
            ("005AQA", Format::Legacy(LegacyFormat::V005)),
            ("008x", Format::Unknown),
            ("00", Format::Unknown),
            ("00é", Format::Unknown),
        ] {
            assert_eq!(Format::detect(string), format, "{string:?}");
        }
    }

    #[test]
    fn detects_a_dynamic_key_that_starts_like_a_version() {
        let key = format!("005{HEX_32}{HEX_32}{}", &HEX_32[..23]);
        assert_eq!(Format::detect(&key), Format::Legacy(LegacyFormat::DynamicKey));
    }

    #[test]
    fn detects_an_old_signaling_token_by_its_four_parts() {
        let token = format!("1:{HEX_32}:1700000000:{HEX_32}");
        assert_eq!(Format::detect(&token), Format::Legacy(LegacyFormat::Signaling));
        assert_eq!(Format::detect(&format!("1:{HEX_32}:1700000000:short")), Format::Unknown);
    }
}
