//! How the path of a request is compared with that of a route.

/// How the path of a request is compared with that of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathMatching {
    Exact,
    /// With and without a slash at the end.
    OptionalSlash,
    /// With and without a slash at the end, in upper and lower case.
    OptionalSlashAnyCase,
}

impl PathMatching {
    /// Whether a decoded path is that of a route, in which `{name}` stands for any one segment.
    pub(super) fn matches(self, route: &str, path: &str) -> bool {
        let path = match self {
            Self::Exact => path,
            Self::OptionalSlash | Self::OptionalSlashAnyCase => path.strip_suffix('/').unwrap_or(path),
        };
        let is_same = |expected: &str, part: &str| match self {
            Self::OptionalSlashAnyCase => expected.eq_ignore_ascii_case(part),
            Self::Exact | Self::OptionalSlash => expected == part,
        };
        let (mut expected, mut parts) = (route.split('/'), path.split('/'));
        loop {
            match (expected.next(), parts.next()) {
                (None, None) => return true,
                // Platforms and clients differ in what they make of such segments.
                (Some(_), Some("." | "..")) => return false,
                (Some(expected), Some(part)) if expected.starts_with('{') || is_same(expected, part) => {}
                _ => return false,
            }
        }
    }
}

/// Returns the segment of a path with this name in the route; empty if the route has none.
pub(super) fn param<'a>(route: &str, path: &'a str, name: &str) -> &'a str {
    let mut parts = route.split('/').zip(path.split('/'));
    let part = parts.find(|(expected, _)| {
        expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) == Some(name)
    });
    part.map_or("", |(_, part)| part)
}
