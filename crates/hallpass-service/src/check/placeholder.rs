//! Placeholders for settings that a checked configuration does not contain.

use crate::providers::{short_setting_names, short_settings};
use crate::settings::SettingLookup;

/// A placeholder for the App ID of a configuration without `projects`, because such an App ID is a separate setting.
/// Derived uids depend on the App ID.
pub const PLACEHOLDER_APP_ID: &str = "00000000000000000000000000000000";

/// Returns the settings with a placeholder for the ID of each provider's project, unless a setting defines an ID.
pub(super) fn with_placeholders(setting: SettingLookup<'_>) -> impl Fn(&str) -> Option<String> {
    let short_settings = short_settings();
    let has_no_ids = short_setting_names().iter().all(|name| setting(name).is_none_or(|id| id.is_empty()));
    move |name| {
        let is_placeholder = has_no_ids && short_settings.contains(&name);
        if is_placeholder { Some(PLACEHOLDER_APP_ID.to_owned()) } else { setting(name) }
    }
}
