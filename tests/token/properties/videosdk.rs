//! Property tests for VideoSDK tokens.

use hallpass_token::videosdk::{
    self, ApiKey, Claims, ParsedClaims, ParticipantId, Permissions, Roles, RoomId, Scope, Secret, TokenId,
    Untrusted, VerifyError, Version,
};
use hallpass_token::{Ttl, UnixSeconds};
use proptest::prelude::*;

use super::inputs::{check, ttl};

/// The credentials that sign a VideoSDK token, and the content of the token.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) api_key: ApiKey,
    pub(crate) secret: Secret,
    pub(crate) issued_at: UnixSeconds,
    ttl: Ttl,
    permissions: Permissions,
    /// The roles. If this field is `None`, the token has no `version`.
    roles: Option<Roles>,
    room: Option<String>,
    participant: Option<String>,
    id: Option<String>,
}

impl Project {
    pub(crate) fn sample() -> Self {
        Self {
            api_key: ApiKey::parse("7b1c2f6e-0000-4000-8000-000000000001").unwrap(),
            secret: Secret::parse("d2c4e6f8a0b1c3d5e7f9123456789abcdef0123456789abcdef0123456789ab").unwrap(),
            issued_at: UnixSeconds(1_700_000_000),
            ttl: Ttl::new(600).unwrap(),
            permissions: Permissions::Join,
            roles: Some(Roles::Rtc),
            room: None,
            participant: None,
            id: None,
        }
    }

    fn claims(&self) -> Claims<'_> {
        let room = self.room.as_deref().map(|id| RoomId::parse(id).unwrap());
        let participant = self.participant.as_deref().map(|id| ParticipantId::parse(id).unwrap());
        Claims {
            api_key: &self.api_key,
            permissions: self.permissions,
            scope: match self.roles {
                Some(roles) => Scope::V2 { roles, room, participant },
                None => Scope::V1,
            },
            issued_at: self.issued_at,
            expires_in: self.ttl,
            id: self.id.as_deref().map(|id| TokenId::parse(id).unwrap()),
        }
    }

    /// Returns the credentials that verify the token.
    pub(crate) fn keys(&self) -> videosdk::Project<'_> {
        videosdk::Project { api_key: &self.api_key, secrets: std::slice::from_ref(&self.secret) }
    }

    pub(crate) fn sign(&self) -> String {
        self.claims().sign(&self.secret)
    }

    pub(crate) fn sign_for_room(&self, room: &str) -> String {
        Self { room: Some(room.to_owned()), ..self.clone() }.sign()
    }

    /// Returns the claims that parsing of the token must return.
    fn parsed_claims(&self) -> ParsedClaims {
        let strings = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        ParsedClaims {
            api_key: self.api_key.as_str().to_owned(),
            permissions: strings(self.permissions.names()),
            version: self.roles.map(|_| Version::Number(2)),
            roles: self.roles.map(|roles| strings(roles.names())).unwrap_or_default(),
            room: self.roles.and(self.room.clone()),
            participant: self.roles.and(self.participant.clone()),
            issued_at: Some(self.issued_at.0.into()),
            not_before: None,
            expires_at: Some(self.issued_at.saturating_add(self.ttl.seconds()).0.into()),
            id: self.id.clone(),
        }
    }
}

pub(crate) fn project() -> impl Strategy<Value = Project> {
    let permissions = prop_oneof![
        Just(Permissions::Join),
        Just(Permissions::JoinAndModerate),
        Just(Permissions::Moderate),
        Just(Permissions::AskToJoin),
    ];
    let roles = prop_oneof![
        Just(None),
        Just(Some(Roles::None)),
        Just(Some(Roles::Rtc)),
        Just(Some(Roles::Crawler)),
        Just(Some(Roles::RtcAndCrawler)),
    ];
    let maybe = || proptest::option::of(id(60));
    let granted = (permissions, roles, maybe(), maybe(), maybe());
    (id(30), secret(), any::<u32>(), ttl(), granted).prop_map(
        |(api_key, secret, issued_at, ttl, (permissions, roles, room, participant, id))| Project {
            api_key: ApiKey::parse(&api_key).unwrap(),
            secret,
            issued_at: UnixSeconds(issued_at),
            ttl,
            permissions,
            roles,
            room,
            participant,
            id,
        },
    )
}

/// Generates IDs from all valid characters, including characters of four bytes in UTF-8.
fn id(max: usize) -> impl Strategy<Value = String> {
    let is_invalid = |c: &char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\');
    let character = any::<char>().prop_map(move |c| if is_invalid(&c) { '-' } else { c });
    proptest::collection::vec(character, 1..=max).prop_map(|chars| chars.into_iter().collect())
}

fn secret() -> impl Strategy<Value = Secret> {
    "[1-9a-f][0-9a-f]{0,100}".prop_map(|string| Secret::parse(&string).unwrap())
}

fn other_secret() -> impl Strategy<Value = Secret> {
    "0[0-9a-f]{0,100}".prop_map(|string| Secret::parse(&string).unwrap())
}

#[test]
fn round_trips_claims() {
    check(256, project(), |project| {
        let token = Untrusted::parse(&project.sign()).unwrap();
        assert_eq!(*token.claims(), project.parsed_claims());
        assert_eq!(token.claims().known_roles(), project.roles.unwrap_or(Roles::None));
    });
}

#[test]
fn verifies_from_issue_time_to_expiry() {
    check(256, (project(), any::<u32>()), |(project, any)| {
        let token = Untrusted::parse(&project.sign()).unwrap();
        let start = project.issued_at.0;
        let end = start.saturating_add(project.ttl.seconds().0);
        let boundaries = [start.saturating_sub(60), start, end];
        let around = |boundary: u32| [boundary.saturating_sub(1), boundary, boundary.saturating_add(1)];
        for now in boundaries.into_iter().flat_map(around).chain([any, 0, u32::MAX]).map(UnixSeconds) {
            let early = u64::from(now.0) + 60 < u64::from(start);
            let late = now.0 >= end;
            match token.verify(project.keys(), now) {
                Ok(_) => assert!(!early && !late, "{now:?}"),
                Err(VerifyError::NotYetValid { .. }) => assert!(early, "{now:?}"),
                Err(VerifyError::Expired { .. }) => assert!(late, "{now:?}"),
                Err(other) => panic!("{other}"),
            }
        }
    });
}

#[test]
fn finds_the_signing_secret() {
    check(256, (project(), other_secret()), |(project, other)| {
        let token = Untrusted::parse(&project.sign()).unwrap();
        let now = UnixSeconds(project.issued_at.0.min(u32::MAX - 1));
        let own = &project.secret;
        let cases: [(&[Secret], Result<usize, VerifyError>); 4] = [
            (&[], Err(VerifyError::BadSignature)),
            (std::slice::from_ref(&other), Err(VerifyError::BadSignature)),
            (&[own.clone(), other.clone()], Ok(0)),
            (&[other.clone(), own.clone()], Ok(1)),
        ];
        for (secrets, expected) in cases {
            let verified = token.verify(videosdk::Project { secrets, ..project.keys() }, now);
            assert_eq!(verified.map(|verified| verified.secret_index()), expected);
        }
    });
}
