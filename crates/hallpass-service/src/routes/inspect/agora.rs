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

use super::answer::{Inspection, MAX_LISTED, ProblemAnswer, SdkErrorAnswer, SignatureAnswer, cut};
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
    service_count: usize,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<PermissionsContent>,
    privileges: BTreeMap<String, Privilege>,
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
    Inspection {
        provider: "agora",
        content: report.token.as_ref().map(Content::from),
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
        problems: report.problems.iter().map(|problem| problem_answer(&report, problem)).collect(),
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

impl From<&Untrusted> for Content {
    fn from(token: &Untrusted) -> Self {
        match token {
            Untrusted::V006(token) => Self::of_006(token),
            Untrusted::V007(token) => Self::of_007(token),
        }
    }
}

impl Content {
    /// An 006 token holds checksums of its channel and its user only.
    fn of_006(token: &Untrusted006) -> Self {
        const LOGIN: u16 = 1000;
        let privileges = token.privileges();
        let is_rtm = privileges.get(LOGIN).is_some() && privileges.get(1).is_none() && token.user_crc() == 0;
        let privileges = last_of_each(&privileges).map(|(id, end)| {
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
            privileges: privileges.collect(),
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

    fn of_007(token: &Untrusted007) -> Self {
        let unreadable = match token.rest() {
            Rest::Nothing => None,
            Rest::Unknown { number, services } => Some(Unreadable {
                service_number: Some(number),
                services: Some(services),
                ..Unreadable::default()
            }),
            Rest::Bytes(bytes) => Some(Unreadable { bytes: Some(bytes), ..Unreadable::default() }),
        };
        let services = token.services().take(MAX_LISTED);
        Self {
            format: "007",
            app_id: token.app_id().as_str().to_owned(),
            issued_at: Some(token.issued_at().0),
            expires_in: Some(token.expires_in().0),
            expires_at: token.ends_at().0,
            salt: token.salt(),
            services: services.map(|service| ServiceContent::new(&service, token)).collect(),
            service_count: token.services().count(),
            unreadable,
        }
    }
}

impl ServiceContent {
    fn new(service: &Service<'_>, token: &Untrusted007) -> Self {
        let text = |text: &Text<'_>| Some(cut(text.as_str()));
        let privileges = last_of_each(service.privileges()).map(|(id, lasting)| {
            let (Seconds(seconds), ends_at) = (lasting, token.end_of(lasting).0);
            (privilege_name(service, id), Privilege { seconds: Some(seconds), ends_at })
        });
        let base = Self { name: service.name(), privileges: privileges.collect(), ..Self::default() };
        match service {
            Service::Rtc { channel, user, .. }
            | Service::Streaming { channel, user, .. }
            | Service::Fcdn { channel, user, .. } => {
                let (uid, account) = match user.as_str() {
                    "" => (Some(0), None),
                    other => match Uid::parse(other) {
                        Ok(uid) => (Some(uid.get()), None),
                        Err(_) => (None, text(user)),
                    },
                };
                Self { channel: text(channel), uid, account, ..base }
            }
            Service::Rtm { user, .. } | Service::Chat { user, .. } => Self { user: text(user), ..base },
            Service::Rtm2 { user, permissions, .. } => {
                Self { user: text(user), permissions: Some(permissions_content(permissions)), ..base }
            }
            Service::Apaas { room, user, role, .. } => {
                Self { room: text(room), user: text(user), role: Some(*role), ..base }
            }
            // They have nothing but privileges.
            Service::Fpa { .. } | Service::ConvoAi { .. } | Service::Stt { .. } | _ => base,
        }
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
    by_id.into_iter().take(MAX_LISTED)
}

fn privilege_name(service: &Service<'_>, id: u16) -> String {
    service.privilege_name(id).map_or_else(|| id.to_string(), str::to_owned)
}

fn permissions_content(permissions: &Permissions<'_>) -> PermissionsContent {
    let mut content = PermissionsContent::new();
    for (resource, access, names) in permissions.to_vec().into_iter().take(MAX_LISTED) {
        let resource = resource.as_str().map_or_else(|| resource.number().to_string(), str::to_owned);
        let access = access.as_str().map_or_else(|| access.number().to_string(), str::to_owned);
        let names = names.into_iter().take(MAX_LISTED).map(cut).collect();
        content.entry(resource).or_default().insert(access, names);
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use hallpass_token::agora::v007::{Services, Token007};
    use hallpass_token::agora::{AppCertificate, AppId};

    const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

    fn answer_to(service: Service<'_>, count: usize) -> serde_json::Value {
        let app_id = AppId::parse("970CA35de60c44645bbae8a215061b33").unwrap();
        let certificate = AppCertificate::parse("5CFd2fd1755d40ecb72977518be15d3b").unwrap();
        let mut services = vec![service; count];
        let token = Token007 {
            app_id: &app_id,
            issued_at: NOW,
            expires_in: Seconds(60),
            salt: 1,
            services: Services::new(&mut services).unwrap(),
        };
        let token = token.sign(&certificate);
        let text = serde_json::to_string(&inspect(&token, Expected::default(), &[], NOW)).unwrap();
        assert!(text.len() < 32 * 1024 && !text.contains(&token), "{} bytes", text.len());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn of_thousands_of_services_a_few_are_listed() {
        let answer = answer_to(Service::stt(), 10_000);
        assert_eq!(answer["service_count"], 10_000);
        assert_eq!(answer["services"].as_array().map(Vec::len), Some(MAX_LISTED));
    }

    #[test]
    fn long_texts_are_cut() {
        let name = "x".repeat(20_000);
        let channel = Text::new(&name).unwrap();
        let answer = answer_to(Service::Rtc { channel, user: channel, privileges: Privileges::NONE }, 1);
        let service = &answer["services"][0];
        for text in [&service["channel"], &service["account"]] {
            assert_eq!(text.as_str().map(|text| text.chars().count()), Some(257));
        }
    }
}
