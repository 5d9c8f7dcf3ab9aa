//! Inspection of Agora tokens.

use std::borrow::Cow;

use hallpass_token::agora::v006::Untrusted006;
use hallpass_token::agora::v007::{Remainder, Untrusted007};
use hallpass_token::agora::{
    Context, Expected, ExpectedService, ExpectedUser, Permissions, PrivilegeTime, Privileges, Problem,
    Project, Report, Service, Signature, Uid, Untrusted, explain,
};
use hallpass_token::{Seconds, UnixSeconds};

use super::NAME;
use super::config::Provider;
use super::services::read_uid;
use crate::providers::inspection::{
    Budget, Inspection, MAX_LISTED, has_jwt, other_signature, sdk_error, valid_signature,
};
use crate::settings::NamedProject;
use crate::web::json::{Fields, Invalid, Json};

/// The fields of `expect` in a request to `/v1/inspect`, without `service`.
pub(crate) const EXPECT_FIELDS: &[&str] = &["app_id", "channel", "uid", "account"];

/// The maximum sizes of list entries in bytes of JSON, without strings from the token.
mod entry_bytes {
    pub(super) const SERVICE: usize = 80;
    pub(super) const PRIVILEGE: usize = 60;
    pub(super) const PERMISSION: usize = 32;
}

/// Returns whether a token is inspected as an Agora token. Every token that does not look like a JWT is inspected as an
/// Agora token.
pub(crate) fn recognizes(token: &str) -> bool {
    !has_jwt(token)
}

/// Inspects a token: its content, its signature, and the reasons why an SDK would reject it.
pub(crate) fn inspect<'j>(
    provider: &Provider,
    token: &str,
    expected: Option<Fields<'j>>,
    now: UnixSeconds,
) -> Result<Json<'static>, Invalid<'j>> {
    let expected = expected.map(read_expected).transpose()?.unwrap_or_default();
    Ok(inspect_in(provider.projects.all(), token, expected, now))
}

fn read_expected<'j>(fields: Fields<'j>) -> Result<Expected<'j>, Invalid<'j>> {
    let text = |name| fields.optional(name).map(Json::string).transpose();
    let uid = fields.optional("uid").map(read_uid).transpose()?;
    let account = fields.optional("account").map(|value| Ok((value, value.string()?))).transpose()?;
    let user = match (uid, account) {
        (Some(_), Some((value, _))) => {
            let detail = "cannot be combined with `expect.uid`. Specify one of them";
            return Err(Invalid::rule(value, detail));
        }
        (Some(uid), None) => Some(ExpectedUser::Uid(uid)),
        (None, account) => account.map(|(_, account)| ExpectedUser::Account(account)),
    };
    let service = text("service")?.and_then(ExpectedService::parse);
    Ok(Expected { service, app_id: text("app_id")?, channel: text("channel")?, user })
}

fn inspect_in(
    projects: &[NamedProject<super::AgoraProject>],
    token: &str,
    expected: Expected<'_>,
    now: UnixSeconds,
) -> Json<'static> {
    let keys = projects.iter().map(|named| &named.project);
    let keys: Vec<_> = keys
        .map(|project| Project { app_id: &project.app_id, certificates: &project.certificates })
        .collect();
    let report = explain(token, &Context { now, projects: &keys, expected });
    let is_outside_validity =
        |problem: &Problem| matches!(problem, Problem::NotYetValid { .. } | Problem::Expired { .. });
    let mut budget = Budget::new();
    let content = match &report.token {
        None => Vec::new(),
        Some(Untrusted::V006(token)) => content_of_006(token, &mut budget),
        Some(Untrusted::V007(token)) => content_of_007(token, &mut budget),
    };
    let problems = budget.list(&report.problems, 0, |_, problem| problem_to_json(&report, problem));
    let inspection = Inspection {
        provider: NAME,
        content,
        signature: match report.signature {
            Signature::Valid { project, certificate } => {
                let name = projects.get(project).map_or("", |project| &project.name);
                valid_signature(name, "certificate", certificate)
            }
            Signature::Invalid => other_signature("invalid"),
            Signature::NotChecked => other_signature("not_checked"),
        },
        in_time: report.token.is_some() && !report.problems.iter().any(is_outside_validity),
        usable: report.is_usable(),
        problems,
    };
    inspection.into_json(&budget)
}

fn problem_to_json(report: &Report, problem: &Problem) -> Json<'static> {
    let sdk_errors = report.sdk_errors(problem);
    let sdk_errors: Vec<_> = sdk_errors
        .map(|error| sdk_error(error.sdk.as_str(), error.code, error.name, error.message))
        .collect();
    let mut fields = vec![
        ("code", problem.code().into()),
        ("severity", problem.severity().as_str().into()),
        ("message", problem.to_string().into()),
    ];
    fields.extend(problem.service().map(|service| ("service", service.into())));
    fields.push(("sdk_errors", sdk_errors.into()));
    fields.into()
}

/// Returns the content of a 006 token. A 006 token contains only checksums of the channel and the user.
fn content_of_006(token: &Untrusted006, budget: &mut Budget) -> Vec<(&'static str, Json<'static>)> {
    let names = token.service_names();
    let services = names.iter().map(|name| {
        let mut privileges = first_by_id(&token.privileges());
        privileges.retain(|(id, _)| token.is_privilege_of(*id, name));
        let privileges = budget.list(privileges, entry_bytes::PRIVILEGE, |_, (id, end)| {
            let name = Untrusted006::privilege_name(id).map_or_else(|| id.to_string(), str::to_owned);
            let ends_at = if end == UnixSeconds(0) { token.expires_at() } else { end };
            (name, Json::object([("ends_at", ends_at.0.into())]))
        });
        let mut service = vec![("name", (*name).into())];
        if *name == "rtm" {
            service.push(("user_crc32", token.channel_crc().into()));
        } else {
            service.push(("channel_crc32", token.channel_crc().into()));
            service.push(("user_crc32", token.user_crc().into()));
        }
        service.push(("privileges", by_name(privileges)));
        Json::from(service)
    });
    let services: Vec<_> = services.collect();
    vec![
        ("format", "006".into()),
        ("app_id", token.app_id().as_str().to_owned().into()),
        ("expires_at", token.expires_at().0.into()),
        ("salt", token.salt().into()),
        ("services", services.into()),
        ("service_count", if names.len() == 1 { 1_u32 } else { 2 }.into()),
    ]
}

fn content_of_007(token: &Untrusted007, budget: &mut Budget) -> Vec<(&'static str, Json<'static>)> {
    let services = budget.list(token.services(), entry_bytes::SERVICE, |budget, service| {
        service_to_json(&service, token, budget)
    });
    let unreadable = match token.remainder() {
        Remainder::Empty => Json::Null,
        Remainder::UnknownService { number, services } => Json::object([
            ("service_number", u32::from(number).into()),
            ("services", u32::from(services).into()),
        ]),
        Remainder::Bytes(bytes) => Json::object([("bytes", u32::try_from(bytes).unwrap_or(u32::MAX).into())]),
    };
    vec![
        ("format", "007".into()),
        ("app_id", token.app_id().as_str().to_owned().into()),
        ("issued_at", token.issued_at().0.into()),
        ("expires_in", token.expires_in().0.into()),
        ("expires_at", token.expires_at().0.into()),
        ("salt", token.salt().into()),
        ("services", services.into()),
        ("service_count", u32::from(token.service_count()).into()),
        ("unreadable", unreadable),
    ]
}

fn service_to_json(service: &Service<'_>, token: &Untrusted007, budget: &mut Budget) -> Json<'static> {
    let mut fields = vec![("name", service.name().into())];
    if let Service::Apaas { room, role, .. } = service {
        fields.push(("room", budget.string(room.as_str())));
        fields.push(("user", service.user().map(|user| budget.string(user.as_str())).into()));
        fields.push(("role", i32::from(*role).into()));
    } else if let Some(channel) = service.channel() {
        fields.push(("channel", budget.string(channel.as_str())));
        let user = service.user().map(|user| user.as_str()).unwrap_or_default();
        fields.push(match Uid::parse(user) {
            Ok(uid) => ("uid", uid.get().into()),
            Err(_) if user.is_empty() => ("uid", 0_u32.into()),
            Err(_) => ("account", budget.string(user)),
        });
    } else if let Some(user) = service.user() {
        fields.push(("user", budget.string(user.as_str())));
    }
    let privileges = first_by_id(service.privileges());
    let privileges = budget.list(privileges, entry_bytes::PRIVILEGE, |_, (id, lifetime)| {
        let (Seconds(seconds), ends_at) = (lifetime, token.privilege_expires_at(lifetime).0);
        let name = service.privilege_name(id).map_or_else(|| id.to_string(), str::to_owned);
        (name, Json::object([("seconds", seconds.into()), ("ends_at", ends_at.into())]))
    });
    fields.push(("privileges", by_name(privileges)));
    // The permissions come last, because their names may exhaust the budget.
    if let Service::Rtm2 { permissions, .. } = service {
        fields.push(("permissions", permissions_to_json(permissions, budget)));
    }
    fields.into()
}

/// Returns the privileges with the lowest IDs. The result has one privilege more than a list can contain, so that a
/// longer list is marked as truncated. If an ID occurs several times, the last occurrence counts.
fn first_by_id<T: PrivilegeTime>(privileges: &Privileges<'_, T>) -> Vec<(u16, T)> {
    let mut first = Vec::new();
    for (id, time) in privileges.iter() {
        insert(&mut first, id, time);
        // The limit reduces the processing time of malicious tokens, which can have ten thousand privileges.
        first.truncate(MAX_LISTED + 1);
    }
    first
}

/// Inserts an entry into a list sorted by key, or replaces the entry with the same key.
fn insert<K: Ord, V>(entries: &mut Vec<(K, V)>, key: K, value: V) {
    let position = entries.partition_point(|(known, _)| *known < key);
    match entries.get_mut(position) {
        Some(entry) if entry.0 == key => entry.1 = value,
        _ => entries.insert(position, (key, value)),
    }
}

/// Returns an object with its fields sorted by name.
fn by_name(fields: Vec<(String, Json<'static>)>) -> Json<'static> {
    let mut sorted = Vec::new();
    for (name, value) in fields {
        insert(&mut sorted, Cow::Owned(name), value);
    }
    Json::Object(sorted)
}

/// Returns the permissions as an object with the names by resource and access.
fn permissions_to_json(permissions: &Permissions<'_>, budget: &mut Budget) -> Json<'static> {
    let permissions =
        budget.list(permissions.to_vec(), entry_bytes::PERMISSION, |budget, (resource, access, names)| {
            let resource = resource.as_str().map_or_else(|| resource.number().to_string(), str::to_owned);
            let access = access.as_str().map_or_else(|| access.number().to_string(), str::to_owned);
            (resource, access, budget.strings(names))
        });
    let mut resources = Vec::<(String, Vec<(String, Json<'static>)>)>::new();
    for (resource, access, names) in permissions {
        match resources.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, accesses)) => accesses.push((access, names)),
            None => resources.push((resource, vec![(access, names)])),
        }
    }
    by_name(resources.into_iter().map(|(resource, accesses)| (resource, by_name(accesses))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hallpass_token::agora::v007::{Services, Token007};
    use hallpass_token::agora::{
        Access, AppCertificate, AppId, FieldStr, Permission, PermissionTree, Resource, SizeError,
    };

    use crate::providers::inspection::{MAX_CONTENT_BYTES, MAX_RESPONSE_BYTES};

    const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

    fn inspect_services(services: &[Service<'_>], expected: Expected<'_>) -> serde_json::Value {
        let app_id = AppId::parse("970CA35de60c44645bbae8a215061b33").unwrap();
        let certificate = AppCertificate::parse("5CFd2fd1755d40ecb72977518be15d3b").unwrap();
        let mut services = services.to_vec();
        let count = services.len();
        let token = Token007 {
            app_id: &app_id,
            issued_at: UnixSeconds(NOW.0 - 30),
            expires_in: Seconds(60),
            salt: 1,
            services: Services::new(&mut services).unwrap(),
        };
        let token = token.sign(&certificate);
        let text = serde_json::to_string(&inspect_in(&[], &token, expected, NOW)).unwrap();
        assert!(text.len() < MAX_RESPONSE_BYTES && !text.contains(&token), "{} bytes", text.len());
        let response: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(response["service_count"], count);
        let services = response["services"].to_string();
        assert!(services.len() <= MAX_CONTENT_BYTES + 100, "{} bytes", services.len());
        response
    }

    /// Returns permissions to read and write `names`, for the first `kinds` kinds of resources.
    fn tree(kinds: u16, names: &[&str]) -> Result<PermissionTree, SizeError> {
        let kinds = (0..kinds).map(Resource::from_number);
        let permission = |resource, access| Permission { resource, access, names };
        let permissions: Vec<_> = kinds
            .flat_map(|resource| [permission(resource, Access::Read), permission(resource, Access::Write)])
            .collect();
        PermissionTree::new(&permissions)
    }

    /// Returns a service of each type.
    fn one_of_each<'a>(
        text: FieldStr<'a>,
        privileges: Privileges<'a, Seconds>,
        permissions: Permissions<'a>,
    ) -> [Service<'a>; 10] {
        [
            Service::Rtc { channel: text, user: text, privileges },
            Service::Rtm { user: text, privileges },
            Service::Streaming { channel: text, user: text, privileges },
            Service::Fpa { privileges },
            Service::Chat { user: text, privileges },
            Service::Fcdn { channel: text, user: text, privileges },
            Service::Apaas { room: text, user: text, role: i16::MIN, privileges },
            Service::Rtm2 { user: text, permissions, privileges },
            Service::ConvoAi { privileges },
            Service::Stt { privileges },
        ]
    }

    #[test]
    fn truncates_the_list_of_services() {
        let response = inspect_services(&[Service::stt(); 10_000], Expected::default());
        assert_eq!(response["services"].as_array().map(Vec::len), Some(MAX_LISTED));
        assert_eq!(response["cut"], true);
    }

    #[test]
    fn truncates_long_strings() {
        let name = "x".repeat(20_000);
        let channel = FieldStr::new(&name).unwrap();
        let rtc = Service::Rtc { channel, user: channel, privileges: Privileges::NONE };
        let response = inspect_services(&[rtc], Expected::default());
        let service = &response["services"][0];
        for text in [&service["channel"], &service["account"]] {
            assert_eq!(text.as_str().map(|text| text.chars().count()), Some(257));
        }
        assert_eq!(response["cut"], true);
    }

    #[test]
    fn omits_names_that_exceed_the_budget_and_keeps_privileges() {
        let (name, privileges) = ("\0".repeat(256), Privileges::new(&[(1, Seconds(0))]).unwrap());
        let tree = tree(4, &[name.as_str(); 31]).unwrap();
        let (user, permissions) = (FieldStr::new("alice").unwrap(), tree.as_permissions());
        let response =
            inspect_services(&[Service::Rtm2 { user, permissions, privileges }], Expected::default());
        let service = &response["services"][0];
        assert_eq!(
            (&service["user"], &service["privileges"]["login"]["seconds"]),
            (&"alice".into(), &0.into())
        );
        assert_eq!(service["permissions"]["message_channels"]["read"].as_array().map(Vec::len), Some(6));
        assert_eq!(response["cut"], true);
    }

    #[test]
    fn does_not_truncate_a_token_for_every_service() {
        let name = "x".repeat(64);
        let four: Vec<_> = (1..=4).map(|id| (id, Seconds(60))).collect();
        let tree = tree(5, &["a-name", "another-name"]).unwrap();
        let (text, privileges) = (FieldStr::new(&name).unwrap(), Privileges::new(&four).unwrap());
        let response =
            inspect_services(&one_of_each(text, privileges, tree.as_permissions()), Expected::default());
        assert_eq!(response.get("cut"), None);
    }

    #[test]
    fn limits_the_response_to_any_token() {
        /// The payload size that exhausts the budget and still allows a fast test.
        const PAYLOAD_BYTES: usize = 20_000;
        let texts = ["\0", "\u{10ffff}", "\"", "x", ""];
        for (text, count) in texts.into_iter().flat_map(|text| [(text, 65), (text, 257)]) {
            let name = text.repeat(count);
            let (channel, user) = (Some("other"), Some(ExpectedUser::Account(&name)));
            let expected = Expected { channel, user, ..Expected::default() };
            let (text, tree) = (FieldStr::new(&name).unwrap(), tree(25, &[name.as_str()]).unwrap());
            let mut different = Vec::new();
            for seconds in [0, 1, 61, u32::MAX].map(Seconds) {
                let privileges = Privileges::new(&[1, 2, 3, 4].map(|id| (id, seconds))).unwrap();
                for service in one_of_each(text, privileges, tree.as_permissions()) {
                    let is_tree = matches!(service, Service::Rtm2 { .. });
                    let bytes = 50 + name.len() * 2 + if is_tree { 50 * (name.len() + 20) } else { 0 };
                    inspect_services(&vec![service; (PAYLOAD_BYTES / bytes).clamp(1, 40)], expected);
                    different.extend(Some(service).filter(|_| !is_tree));
                }
            }
            inspect_services(&different, expected);
        }
    }
}
