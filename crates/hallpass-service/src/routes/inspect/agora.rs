//! Tokens of Agora.

use std::collections::BTreeMap;

use hallpass_token::agora::v006::Untrusted006;
use hallpass_token::agora::v007::{Rest, Untrusted007};
use hallpass_token::agora::{
    Context, Expected, Permissions, Privileges, Problem, Project, Report, Service, Signature, Text, Uid,
    Untrusted, explain,
};
use hallpass_token::{Seconds, UnixSeconds};
use serde::Serialize;

use super::answer::{Budget, Inspection, ProblemAnswer, SdkErrorAnswer, SignatureAnswer};
use crate::projects::{AgoraProject, Named};

/// What an Agora token says.
#[derive(Debug, Default, Serialize)]
pub(super) struct Content {
    format: &'static str,
    app_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u32>,
    expires_at: u32,
    salt: u32,
    services: Vec<ServiceContent>,
    service_count: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<Unreadable>,
}

/// What could not be read behind the services.
#[derive(Debug, Default, Serialize)]
struct Unreadable {
    #[serde(skip_serializing_if = "Option::is_none")]
    service_number: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
}

#[derive(Debug, Default, Serialize)]
struct ServiceContent {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_crc32: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_crc32: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<i16>,
    privileges: BTreeMap<String, Privilege>,
    /// Last, since their names may use up the budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<PermissionsContent>,
}

/// What an entry of a list takes at the most beside texts out of the token, in bytes of JSON.
mod bytes_of {
    pub(super) const SERVICE: usize = 80;
    pub(super) const PRIVILEGE: usize = 60;
    pub(super) const PERMISSION: usize = 32;
}

#[derive(Debug, Serialize)]
struct Privilege {
    /// As the token says it, 0 for as long as the token; an 006 token has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
    ends_at: u32,
}

/// Names by kind and access.
type PermissionsContent = BTreeMap<String, BTreeMap<String, Vec<String>>>;

pub(super) fn inspect<'a>(
    token: &str,
    expected: Expected<'_>,
    projects: &'a [Named<AgoraProject>],
    now: UnixSeconds,
) -> Inspection<'a, Content> {
    let keys: Vec<_> = projects
        .iter()
        .map(|Named { project, .. }| Project { app_id: &project.app_id, certificates: &project.certificates })
        .collect();
    let report = explain(token, &Context { now, projects: &keys, expected });
    let is_early_or_late =
        |problem: &Problem| matches!(problem, Problem::NotYet { .. } | Problem::Expired { .. });
    let mut budget = Budget::new();
    let content = report.token.as_ref().map(|token| match token {
        Untrusted::V006(token) => Content::of_006(token, &mut budget),
        Untrusted::V007(token) => Content::of_007(token, &mut budget),
    });
    let problems = budget.list(&report.problems, 0, |_, problem| problem_answer(&report, problem));
    Inspection {
        provider: "agora",
        content,
        signature: match report.signature {
            Signature::Valid { project, certificate } => SignatureAnswer::Valid {
                project: projects.get(project).map_or("", |project| &project.name),
                certificate: Some(certificate),
                secret: None,
            },
            Signature::Invalid => SignatureAnswer::Invalid,
            Signature::NotChecked => SignatureAnswer::NotChecked,
        },
        in_time: report.token.is_some() && !report.problems.iter().any(is_early_or_late),
        usable: report.is_usable(),
        problems,
        cut: budget.is_cut(),
    }
}

fn problem_answer(report: &Report, problem: &Problem) -> ProblemAnswer {
    let sdk_errors = report.sdk_errors(problem).map(|error| SdkErrorAnswer {
        sdk: error.sdk.as_str(),
        code: error.code,
        name: error.name,
    });
    ProblemAnswer {
        code: problem.code(),
        severity: problem.severity().as_str(),
        message: problem.to_string(),
        service: problem.service(),
        sdk_errors: sdk_errors.collect(),
    }
}

impl Content {
    /// An 006 token holds checksums of its channel and its user only.
    fn of_006(token: &Untrusted006, budget: &mut Budget) -> Self {
        const LOGIN: u16 = 1000;
        let privileges = token.privileges();
        let is_rtm = privileges.get(LOGIN).is_some() && privileges.get(1).is_none() && token.user_crc() == 0;
        let privileges = budget.list(last_of_each(&privileges), bytes_of::PRIVILEGE, |_, (id, end)| {
            let name = if id == LOGIN { "login".to_owned() } else { privilege_name(&ANY_RTC, id) };
            let ends_at = if end == UnixSeconds(0) { token.expires_at() } else { end };
            (name, Privilege { seconds: None, ends_at: ends_at.0 })
        });
        let (channel_crc32, user_crc32) =
            if is_rtm { (None, token.channel_crc()) } else { (Some(token.channel_crc()), token.user_crc()) };
        let service = ServiceContent {
            name: if is_rtm { "rtm" } else { "rtc" },
            channel_crc32,
            user_crc32: Some(user_crc32),
            privileges: privileges.into_iter().collect(),
            ..ServiceContent::default()
        };
        Self {
            format: "006",
            app_id: token.app_id().as_str().to_owned(),
            expires_at: token.expires_at().0,
            salt: token.salt(),
            services: vec![service],
            service_count: 1,
            ..Self::default()
        }
    }

    fn of_007(token: &Untrusted007, budget: &mut Budget) -> Self {
        let unreadable = match token.rest() {
            Rest::Nothing => None,
            Rest::Unknown { number, services } => Some(Unreadable {
                service_number: Some(number),
                services: Some(services),
                ..Unreadable::default()
            }),
            Rest::Bytes(bytes) => Some(Unreadable { bytes: Some(bytes), ..Unreadable::default() }),
        };
        let services = budget.list(token.services(), bytes_of::SERVICE, |budget, service| {
            ServiceContent::new(&service, token, budget)
        });
        Self {
            format: "007",
            app_id: token.app_id().as_str().to_owned(),
            issued_at: Some(token.issued_at().0),
            expires_in: Some(token.expires_in().0),
            expires_at: token.ends_at().0,
            salt: token.salt(),
            services,
            service_count: token.service_count(),
            unreadable,
        }
    }
}

impl ServiceContent {
    fn new(service: &Service<'_>, token: &Untrusted007, budget: &mut Budget) -> Self {
        let base = Self { name: service.name(), ..Self::default() };
        let mut text = |text: &Text<'_>| Some(budget.text(text.as_str()));
        let content = match service {
            Service::Rtc { channel, user, .. }
            | Service::Streaming { channel, user, .. }
            | Service::Fcdn { channel, user, .. } => {
                let channel = text(channel);
                let (uid, account) = match user.as_str() {
                    "" => (Some(0), None),
                    other => match Uid::parse(other) {
                        Ok(uid) => (Some(uid.get()), None),
                        Err(_) => (None, text(user)),
                    },
                };
                Self { channel, uid, account, ..base }
            }
            Service::Rtm { user, .. } | Service::Chat { user, .. } | Service::Rtm2 { user, .. } => {
                Self { user: text(user), ..base }
            }
            Service::Apaas { room, user, role, .. } => {
                Self { room: text(room), user: text(user), role: Some(*role), ..base }
            }
            // They have nothing but privileges.
            Service::Fpa { .. } | Service::ConvoAi { .. } | Service::Stt { .. } | _ => base,
        };
        let privileges = last_of_each(service.privileges());
        let privileges = budget.list(privileges, bytes_of::PRIVILEGE, |_, (id, lasting)| {
            let (Seconds(seconds), ends_at) = (lasting, token.end_of(lasting).0);
            (privilege_name(service, id), Privilege { seconds: Some(seconds), ends_at })
        });
        let permissions = if let Service::Rtm2 { permissions, .. } = service {
            Some(permissions_content(permissions, budget))
        } else {
            None
        };
        Self { privileges: privileges.into_iter().collect(), permissions, ..content }
    }
}

/// Stands for all services with the privileges of RTC.
const ANY_RTC: Service<'_> =
    Service::Rtc { channel: Text::EMPTY, user: Text::EMPTY, privileges: Privileges::NONE };

/// Of a privilege that is there twice, the last one counts.
fn last_of_each<T: hallpass_token::agora::PrivilegeTime>(
    privileges: &Privileges<'_, T>,
) -> impl Iterator<Item = (u16, T)> + use<T> {
    let by_id: BTreeMap<u16, T> = privileges.iter().collect();
    by_id.into_iter()
}

fn privilege_name(service: &Service<'_>, id: u16) -> String {
    service.privilege_name(id).map_or_else(|| id.to_string(), str::to_owned)
}

fn permissions_content(permissions: &Permissions<'_>, budget: &mut Budget) -> PermissionsContent {
    let permissions =
        budget.list(permissions.to_vec(), bytes_of::PERMISSION, |budget, (resource, access, names)| {
            let resource = resource.as_str().map_or_else(|| resource.number().to_string(), str::to_owned);
            let access = access.as_str().map_or_else(|| access.number().to_string(), str::to_owned);
            (resource, access, budget.texts(names))
        });
    let mut content = PermissionsContent::new();
    for (resource, access, names) in permissions {
        content.entry(resource).or_default().insert(access, names);
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use hallpass_token::agora::v007::{Services, Token007};
    use hallpass_token::agora::{
        Access, AppCertificate, AppId, Join, Permission, PermissionTree, Resource, SizeError,
    };

    use crate::routes::inspect::answer::{MAX_ANSWER_BYTES, MAX_CONTENT_BYTES, MAX_LISTED};

    const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

    fn answer_to(services: &[Service<'_>], expected: Expected<'_>) -> serde_json::Value {
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
        let text = serde_json::to_string(&inspect(&token, expected, &[], NOW)).unwrap();
        assert!(text.len() < MAX_ANSWER_BYTES && !text.contains(&token), "{} bytes", text.len());
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["service_count"], count);
        let services = answer["services"].to_string();
        assert!(services.len() <= MAX_CONTENT_BYTES + 100, "{} bytes", services.len());
        answer
    }

    /// Names in the lists of this many kinds, to read and to write.
    fn tree(kinds: u16, names: &[&str]) -> Result<PermissionTree, SizeError> {
        let kinds = (0..kinds).map(Resource::from_number);
        let permission = |resource, access| Permission { resource, access, names };
        let permissions: Vec<_> = kinds
            .flat_map(|resource| [permission(resource, Access::Read), permission(resource, Access::Write)])
            .collect();
        PermissionTree::new(&permissions)
    }

    /// One service of each type.
    fn all<'a>(
        text: Text<'a>,
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
    fn of_thousands_of_services_a_few_are_listed() {
        let answer = answer_to(&[Service::stt(); 10_000], Expected::default());
        assert_eq!(answer["services"].as_array().map(Vec::len), Some(MAX_LISTED));
        assert_eq!(answer["cut"], true);
    }

    #[test]
    fn long_texts_are_cut() {
        let name = "x".repeat(20_000);
        let channel = Text::new(&name).unwrap();
        let rtc = Service::Rtc { channel, user: channel, privileges: Privileges::NONE };
        let answer = answer_to(&[rtc], Expected::default());
        let service = &answer["services"][0];
        for text in [&service["channel"], &service["account"]] {
            assert_eq!(text.as_str().map(|text| text.chars().count()), Some(257));
        }
        assert_eq!(answer["cut"], true);
    }

    #[test]
    fn names_that_are_long_in_json_are_left_out_and_privileges_are_not() {
        let (name, privileges) = ("\0".repeat(256), Privileges::new(&[(1, Seconds(0))]).unwrap());
        let tree = tree(4, &[name.as_str(); 31]).unwrap();
        let (user, permissions) = (Text::new("alice").unwrap(), tree.as_permissions());
        let answer = answer_to(&[Service::Rtm2 { user, permissions, privileges }], Expected::default());
        let service = &answer["services"][0];
        assert_eq!(
            (&service["user"], &service["privileges"]["login"]["seconds"]),
            (&"alice".into(), &0.into())
        );
        assert_eq!(service["permissions"]["message_channels"]["read"].as_array().map(Vec::len), Some(6));
        assert_eq!(answer["cut"], true);
    }

    #[test]
    fn nothing_of_a_token_for_every_service_is_cut() {
        let name = "x".repeat(64);
        let four: Vec<_> = (1..=4).map(|id| (id, Seconds(60))).collect();
        let tree = tree(5, &["a-name", "another-name"]).unwrap();
        let (text, privileges) = (Text::new(&name).unwrap(), Privileges::new(&four).unwrap());
        let answer = answer_to(&all(text, privileges, tree.as_permissions()), Expected::default());
        assert_eq!(answer.get("cut"), None);
    }

    #[test]
    fn no_token_makes_a_long_answer() {
        /// Enough for every budget, and quick.
        const PAYLOAD_BYTES: usize = 20_000;
        let texts = ["\0", "\u{10ffff}", "\"", "x", ""];
        for (text, count) in texts.into_iter().flat_map(|text| [(text, 65), (text, 257)]) {
            let name = text.repeat(count);
            let (channel, user) = (Some("other"), Some(Join::Account(&name)));
            let expected = Expected { channel, user, app_id: None };
            let (text, tree) = (Text::new(&name).unwrap(), tree(25, &[name.as_str()]).unwrap());
            let mut different = Vec::new();
            for seconds in [0, 1, 61, u32::MAX].map(Seconds) {
                let privileges = Privileges::new(&[1, 2, 3, 4].map(|id| (id, seconds))).unwrap();
                for service in all(text, privileges, tree.as_permissions()) {
                    let is_tree = matches!(service, Service::Rtm2 { .. });
                    let bytes = 50 + name.len() * 2 + if is_tree { 50 * (name.len() + 20) } else { 0 };
                    answer_to(&vec![service; (PAYLOAD_BYTES / bytes).clamp(1, 40)], expected);
                    different.extend(Some(service).filter(|_| !is_tree));
                }
            }
            answer_to(&different, expected);
        }
    }
}
