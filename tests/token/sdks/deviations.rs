//! Known defects of the npm packages, and the comparison that allows only these defects.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::reading::Reading;

/// The comparisons of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comparison {
    /// The content of the crate's token and the content of the package's token.
    Content,
    /// The content of the crate's token as parsed by the crate, and as parsed by the package.
    OurToken,
    /// The content of the package's token as parsed by the crate, and as parsed by the package.
    TheirToken,
}

/// A known difference. If the difference is not present, the test fails.
struct Deviation {
    cases: &'static [&'static str],
    comparisons: &'static [Comparison],
    at: &'static str,
    right: &'static str,
    wrong: &'static str,
}

const DEVIATIONS: [Deviation; 4] = [
    // The package's room token contains the APaaS service, but not the privilege of this service.
    Deviation {
        cases: &["apaas_room", "apaas_room_role_0", "edu_room"],
        comparisons: &[Comparison::Content],
        at: "/services/2/privileges",
        right: "[[1,3600]]",
        wrong: "[]",
    },
    // In the package, `role || -1` treats role 0 as no role.
    Deviation {
        cases: &["apaas_room_role_0"],
        comparisons: &[Comparison::Content],
        at: "/services/2/role",
        right: "0",
        wrong: "-1",
    },
    // In the package, `getInt16` reads an unsigned number instead of a signed number.
    Deviation {
        cases: &["apaas_user", "apaas_app", "edu_user", "edu_app"],
        comparisons: &[Comparison::OurToken, Comparison::TheirToken],
        at: "/services/0/role",
        right: "-1",
        wrong: "65535",
    },
    Deviation {
        cases: &["apaas_room_role_0"],
        comparisons: &[Comparison::TheirToken],
        at: "/services/2/role",
        right: "-1",
        wrong: "65535",
    },
];

/// Compares two readings. The readings must be equal except for the known deviations, and every known deviation must be
/// present.
pub(super) fn compare(
    case: &str,
    comparison: Comparison,
    right: &Reading,
    found: &Reading,
) -> anyhow::Result<()> {
    let mut corrected = found.clone();
    let known = DEVIATIONS
        .iter()
        .filter(|known| known.cases.contains(&case) && known.comparisons.contains(&comparison));
    for Deviation { at, right: ours, wrong, .. } in known {
        let (ours, wrong): (Value, Value) = (serde_json::from_str(ours)?, serde_json::from_str(wrong)?);
        let at_found = corrected.pointer_mut(at).with_context(|| format!("{at} is missing"))?;
        ensure!(right.pointer(at) == Some(&ours), "{at} of the crate is not {ours}");
        ensure!(*at_found == wrong, "{at} is {at_found} instead of {wrong}: a known deviation is gone");
        *at_found = ours;
    }
    ensure!(corrected == *right, "{comparison:?}: {found} instead of {right}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn room(privileges: &Value) -> Value {
        json!({ "services": [{}, {}, { "privileges": privileges }] })
    }

    #[test]
    fn rejects_unknown_deviations() {
        let (right, wrong) = (room(&json!([[1, 3600]])), room(&json!([])));
        assert!(compare("apaas_room", Comparison::Content, &right, &wrong).is_ok());
        assert!(compare("apaas_room", Comparison::OurToken, &right, &wrong).is_err());
        assert!(compare("rtm", Comparison::Content, &right, &wrong).is_err());
    }

    #[test]
    fn reports_missing_known_deviations() {
        let right = room(&json!([[1, 3600]]));
        let error = compare("apaas_room", Comparison::Content, &right, &right).unwrap_err().to_string();
        assert!(error.ends_with("a known deviation is gone"), "{error}");
    }
}
