//! Property tests: content that formats 006 and 007 can encode survives a round trip, even if Agora rejects the
//! content.

use std::collections::BTreeMap;

use hallpass_token::agora::v006::{Subject, Token006, Untrusted006};
use hallpass_token::agora::v007::{Services, Token007, Untrusted007};
use hallpass_token::agora::{Access, FieldStr, Permission, PermissionTree, Privileges, Resource, Service};
use hallpass_token::{Seconds, UnixSeconds};
use proptest::collection::vec;
use proptest::prelude::*;

use super::inputs::{Signer, check, signer, string};

/// The content of a service. Each service type uses only some of the fields.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    number: u16,
    first: String,
    second: String,
    role: i16,
    privileges: Vec<(u16, Seconds)>,
    tree: PermissionTree,
}

impl Content {
    pub(crate) fn service(&self) -> Service<'_> {
        let privileges = Privileges::new(&self.privileges).unwrap();
        let (first, second) = (FieldStr::new(&self.first).unwrap(), FieldStr::new(&self.second).unwrap());
        match self.number {
            1 => Service::Rtc { channel: first, user: second, privileges },
            2 => Service::Rtm { user: first, privileges },
            3 => Service::Streaming { channel: first, user: second, privileges },
            4 => Service::Fpa { privileges },
            5 => Service::Chat { user: first, privileges },
            6 => Service::Fcdn { channel: first, user: second, privileges },
            7 => Service::Apaas { room: first, user: second, role: self.role, privileges },
            8 => Service::Rtm2 { user: first, permissions: self.tree.as_permissions(), privileges },
            9 => Service::ConvoAi { privileges },
            _ => Service::Stt { privileges },
        }
    }
}

pub(crate) fn content() -> impl Strategy<Value = Content> {
    (1..=10_u16, string(), string(), any::<i16>(), privileges(), tree())
        .prop_map(|(number, first, second, role, privileges, tree)| Content {
            number,
            first,
            second,
            role,
            privileges,
            tree,
        })
        .boxed()
}

fn privileges() -> impl Strategy<Value = Vec<(u16, Seconds)>> {
    vec((any::<u16>(), any::<u32>().prop_map(Seconds)), 0..=4)
}

/// Generates permissions. Most numbers of kinds and access rights are small, so that duplicates occur.
fn permissions() -> impl Strategy<Value = Vec<(u16, u16, Vec<String>)>> {
    let number = || prop_oneof![3 => 0..7_u16, 1 => any::<u16>()];
    vec((number(), number(), vec(string(), 0..3)), 0..4)
}

fn tree() -> impl Strategy<Value = PermissionTree> {
    permissions().prop_map(|permissions| tree_of(&permissions))
}

fn tree_of(permissions: &[(u16, u16, Vec<String>)]) -> PermissionTree {
    let names: Vec<Vec<&str>> =
        permissions.iter().map(|(_, _, names)| names.iter().map(String::as_str).collect()).collect();
    let permissions: Vec<_> = permissions
        .iter()
        .zip(&names)
        .map(|((resource, access, _), names)| Permission {
            resource: Resource::from_number(*resource),
            access: Access::from_number(*access),
            names,
        })
        .collect();
    PermissionTree::new(&permissions).unwrap()
}

/// Signs a 007 token with these services.
pub(crate) fn sign(signer: &Signer, expires_in: Seconds, content: &[Content]) -> String {
    let mut services: Vec<_> = content.iter().map(Content::service).collect();
    Token007 {
        app_id: &signer.app_id,
        issued_at: signer.issued_at,
        expires_in,
        salt: signer.salt.get(),
        services: Services::new(&mut services).unwrap(),
    }
    .sign(&signer.certificate)
}

#[test]
fn round_trips_services_in_order() {
    check(512, (signer(), any::<u32>(), vec(content(), 1..=6)), |(signer, ttl, content)| {
        let token = Untrusted007::parse(&sign(&signer, Seconds(ttl), &content)).unwrap();
        let mut expected: Vec<_> = content.iter().map(Content::service).collect();
        expected.sort_by_key(Service::number);
        assert_eq!(token.services().collect::<Vec<_>>(), expected);
        assert_eq!(token.expires_in(), Seconds(ttl));
        assert!(token.verify(signer.project(), signer.issued_at).is_ok());
    });
}

#[test]
fn round_trips_the_longest_strings() {
    let lens = [65_535, 65_534, 32_768, 255, 0];
    check(16, (signer(), content()), |(signer, mut content)| {
        for len in lens {
            content.first = "x".repeat(len);
            content.second = "y".repeat(len);
            let string = sign(&signer, Seconds::DAY, std::slice::from_ref(&content));
            let token = Untrusted007::parse_with_limit(&string, 200_000).unwrap();
            assert_eq!(token.services().collect::<Vec<_>>(), [content.service()]);
        }
    });
}

#[test]
fn privileges_behave_like_a_map() {
    check(256, privileges(), |entries| {
        let map: BTreeMap<u16, Seconds> = entries.iter().copied().collect();
        let privileges = Privileges::new(&entries).unwrap();
        assert!(privileges.iter().eq(map.clone()));
        for (id, seconds) in map {
            assert_eq!(privileges.get(id), Some(seconds));
        }
    });
}

#[test]
fn permissions_behave_like_a_map() {
    check(256, permissions(), |permissions| {
        let built = tree_of(&permissions);
        let tree: BTreeMap<(u16, u16), Vec<String>> =
            permissions.into_iter().map(|(resource, access, names)| ((resource, access), names)).collect();
        let read = built.as_permissions().to_vec();
        assert_eq!(read.len(), tree.len());
        for ((resource, access, names), ((expected_resource, expected_access), expected)) in
            read.iter().zip(tree)
        {
            assert_eq!(*resource, Resource::from_number(expected_resource));
            assert_eq!(*access, Access::from_number(expected_access));
            assert_eq!(*names, expected);
        }
    });
}

#[test]
fn round_trips_006_content() {
    let inputs = (signer(), string(), string(), any::<u32>(), 1..=u32::MAX, privileges());
    check(512, inputs, |(signer, channel, user, salt, end, privileges)| {
        let subject =
            Subject { channel: FieldStr::new(&channel).unwrap(), user: FieldStr::new(&user).unwrap() };
        let ends: Vec<_> = privileges.iter().map(|(id, end)| (*id, UnixSeconds(end.0))).collect();
        let privileges = Privileges::new(&ends).unwrap();
        let expires_at = UnixSeconds(end);
        let string = Token006 { app_id: &signer.app_id, subject, salt, expires_at, privileges }
            .sign(&signer.certificate);
        let token = Untrusted006::parse(&string).unwrap();
        assert_eq!(token.app_id(), &signer.app_id);
        assert_eq!((token.salt(), token.expires_at()), (salt, expires_at));
        assert_eq!(token.privileges(), privileges);
        let verified = token.verify(signer.project(), subject, UnixSeconds(end - 1)).unwrap();
        assert_eq!(verified.subject(), subject);
    });
}
