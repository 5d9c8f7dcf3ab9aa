//! The base path: a prefix that the URLs of a deployment can have.

use crate::web::json::{Invalid, Json};
use crate::web::request::segments;

/// The base path of a deployment, such as `/tokens`.
#[derive(Clone, Debug)]
pub(crate) struct BasePath(String);

impl BasePath {
    const MAX_BYTES: usize = 128;

    /// Reads the value of `base_path`.
    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let text = value.string()?;
        if is_valid(text) {
            return Ok(Self(text.to_owned()));
        }
        let detail = "expected a path such as /tokens or /api/agora: at most 128 bytes, no trailing slash, and segments of A-Z, a-z, 0-9, `-`, `.`, `_` and `~` other than `.` and `..`";
        Err(Invalid::new(value, detail))
    }

    #[cfg(feature = "check")]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the rest of a decoded path that starts with the base path; `None` for any other path.
    pub(crate) fn remove_from<'p>(&self, path: &'p str) -> Option<&'p str> {
        match path.strip_prefix(self.0.as_str())? {
            "" => Some("/"),
            rest if rest.starts_with('/') => Some(rest),
            _ => None,
        }
    }
}

fn is_valid(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/').filter(|rest| rest.len() < BasePath::MAX_BYTES) else {
        return false;
    };
    segments(path.as_bytes()).all(|segment| {
        let is_name = !matches!(segment, b"" | b"." | b"..");
        is_name && segment.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_whole_segments() {
        let base = BasePath("/api/agora".to_owned());
        for (path, expected) in [
            ("/api/agora", Some("/")),
            ("/api/agora/", Some("/")),
            ("/api/agora//rtm/7", Some("//rtm/7")),
            ("/api/agora/api/agora/ping", Some("/api/agora/ping")),
            ("/api/agoras", None),
            ("/API/agora/ping", None),
            ("/api", None),
        ] {
            assert_eq!(base.remove_from(path), expected, "{path}");
        }
    }

    #[test]
    fn accepts_paths_of_unreserved_characters() {
        let long = format!("/{}", "a".repeat(127));
        for path in ["/tokens", "/api/agora", "/a-b.c_d~9", "/.well-known", "/...", &long] {
            assert!(is_valid(path), "{path}");
        }
        let too_long = format!("{long}a");
        for path in [
            "", "/", "tokens", "/tokens/", "//tokens", "/a//b", "/a/./b", "/..", "/a b", "/%20", "/é",
            &too_long,
        ] {
            assert!(!is_valid(path), "{path}");
        }
    }
}
