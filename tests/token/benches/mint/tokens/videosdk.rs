//! Operations on VideoSDK tokens for a participant in a room, with a TTL of one hour.

use std::hint::black_box;

use hallpass_token::videosdk::{
    ApiKey, Claims, ParticipantId, Permissions, Project, Roles, RoomId, Scope, Secret, Untrusted,
};
use hallpass_token::{Ttl, UnixSeconds};

use super::{Counter, Pool};
use crate::baseline;
use crate::measure::Subject;

const SECRET: &str = "d2c4e6f8a0b1c3d5e7f9123456789abcdef0123456789abcdef0123456789ab";
const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

/// The inputs that all measured tokens share. Only the issue time differs.
#[derive(Clone)]
struct Inputs {
    api_key: ApiKey,
    secret: Secret,
    ttl: Ttl,
    scope: Scope<'static>,
}

impl Inputs {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            api_key: ApiKey::parse("7b1c2f6e-0000-4000-8000-000000000001")?,
            secret: Secret::parse(SECRET)?,
            ttl: Ttl::new(3600)?,
            scope: Scope::V2 {
                roles: Roles::Rtc,
                room: Some(RoomId::parse("2kyv-gzay-64pg")?),
                participant: Some(ParticipantId::parse("user-123")?),
            },
        })
    }

    /// Signs a token. The issue time depends on `number`, because a VideoSDK token has no salt that could differ.
    fn sign(&self, number: u32) -> String {
        Claims {
            api_key: &self.api_key,
            permissions: Permissions::Join,
            scope: self.scope,
            issued_at: UnixSeconds(NOW.0 - number % 1024),
            expires_in: self.ttl,
            id: None,
        }
        .sign(&self.secret)
    }

    fn verify(&self, token: &str) -> bool {
        let project = Project { api_key: &self.api_key, secrets: std::slice::from_ref(&self.secret) };
        Untrusted::parse(token).is_ok_and(|token| token.verify(project, NOW).is_ok())
    }
}

pub(super) fn subjects() -> anyhow::Result<[Subject; 2]> {
    let (inputs, mut counter) = (Inputs::new()?, Counter(0));
    let token = inputs.sign(0);
    let signed = token.rsplit_once('.').map_or(0, |(signed, _)| signed.len());
    let baseline =
        move || baseline::single_hmac(SECRET.as_bytes(), token.get(..signed).unwrap_or_default().as_bytes());

    let minting = inputs.clone();
    let mint = move || drop(black_box(black_box(&minting).sign(counter.next())));
    let mut counter = Counter(0);
    let mut pool = Pool::new(|| inputs.sign(counter.next()));
    let verify = move || assert!(black_box(&inputs).verify(black_box(pool.next())));
    Ok([
        Subject { name: "VideoSDK", token: Box::new(mint), baseline: Box::new(baseline.clone()) },
        Subject { name: "VideoSDK, parse and verify", token: Box::new(verify), baseline: Box::new(baseline) },
    ])
}
