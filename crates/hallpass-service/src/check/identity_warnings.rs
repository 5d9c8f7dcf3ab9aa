//! Warnings about rules that grant access by claims that users can choose.

use crate::auth::CallerKind;
use crate::policy::{GrantDescription, GrantsDescription, Identity, NamePattern, Rule};
use crate::state::Config;
use crate::web::json::Json;
use crate::web::strings::listed;

/// The claims that users can usually choose: users enter these claims at sign-up or in their profile. OpenID Connect
/// guarantees uniqueness only for `sub` with `iss`, and requires that apps do not identify users by these claims (OpenID
/// Connect Core 1.0 section 5.7).
const CHOSEN_CLAIMS: [&str; 16] = [
    "email",
    "preferred_username",
    "nickname",
    "name",
    "username",
    "handle",
    "upn",
    "unique_name",
    "cognito:username",
    "given_name",
    "family_name",
    "middle_name",
    "phone_number",
    "picture",
    "profile",
    "website",
];
/// The claims whose fields users can write: `user_metadata` of Supabase, and `unsafe_metadata` of Clerk. Only the backend
/// writes `app_metadata` and `public_metadata`.
const CHOSEN_METADATA: [&str; 2] = ["user_metadata", "unsafe_metadata"];
/// Claims, each with the claim that shows whether the identity provider verified the claim.
const VERIFICATIONS: [(&str, &str); 2] =
    [("email", "email_verified"), ("phone_number", "phone_number_verified")];

/// Returns a warning for each rule and each such claim that is an identity or part of a channel or room. If the derivation of
/// uids has no key, another warning concerns the uids. `kinds` are the caller kinds that the configuration accepts.
pub(super) fn identity_warnings(config: &Config, kinds: &[CallerKind]) -> Vec<String> {
    let is_keyed = config.providers.agora.identity.uid_secret.is_some();
    let mut warnings = Vec::new();
    for (by, rule) in config.policy.rules() {
        if !kinds.iter().any(|kind| kind.has_claims() && rule.who.may_match(*kind)) {
            continue;
        }
        let grants = rule.grants.describe();
        for (claim, services) in chosen_claims(&grants, identity_claims) {
            let has_uid = |service: &&&str| {
                grants.grants.iter().any(|grant| grant.has_uid && grant.service == **service)
            };
            let with_uid: Vec<_> = services.iter().filter(has_uid).collect();
            if !requires_verification(rule, claim) {
                let services = listed(&services, "and");
                warnings.push(format!(
                    "{by}: the claim `{claim}` identifies users for {services}, and users can usually choose this claim. A user who has the value of another user gets tokens for that user. Use `self`, or a claim that the identity provider verifies and that is unique"
                ));
            }
            if !is_keyed && !with_uid.is_empty() {
                let services = listed(with_uid, "and");
                warnings.push(format!(
                    "{by}: uids for {services} are derived from the claim `{claim}`. Users can usually choose this claim, and can enter the uid of another user, or search for a value that has this uid. Set `identity.uid_secret`, or use `self`"
                ));
            }
        }
        for (claim, services) in chosen_claims(&grants, place_claims) {
            if !requires_verification(rule, claim) {
                let services = listed(services, "and");
                warnings.push(format!(
                    "{by}: the claim `{claim}` is part of the channels or rooms for {services}, and users can usually choose this claim. A user who has the value of another user gets tokens for the same channels or rooms. Use `{{sub}}`, or a claim that the identity provider verifies and that is unique"
                ));
            }
        }
    }
    warnings
}

/// Returns the claims that users can choose, each with the services that use the claim. `used` returns the claims of a
/// grant.
fn chosen_claims<'a>(
    grants: &GrantsDescription<'a>,
    used: fn(&GrantDescription<'a>) -> Vec<&'a str>,
) -> Vec<(&'a str, Vec<&'static str>)> {
    let mut claims: Vec<(&str, Vec<_>)> = Vec::new();
    for grant in &grants.grants {
        for claim in used(grant).into_iter().filter(|claim| can_be_chosen(claim)) {
            match claims.iter_mut().find(|(known, _)| *known == claim) {
                Some((_, services)) if services.contains(&grant.service) => {}
                Some((_, services)) => services.push(grant.service),
                None => claims.push((claim, vec![grant.service])),
            }
        }
    }
    claims
}

/// Returns the claim that identifies the users of a grant.
fn identity_claims<'a>(grant: &GrantDescription<'a>) -> Vec<&'a str> {
    if let Some(Identity::Claim(claim)) = grant.identity { vec![claim] } else { Vec::new() }
}

/// Returns the claims in the patterns of a grant.
fn place_claims<'a>(grant: &GrantDescription<'a>) -> Vec<&'a str> {
    grant.places.into_iter().flatten().flat_map(NamePattern::claims).collect()
}

fn can_be_chosen(claim: &str) -> bool {
    let name = name_of(claim);
    let separator = if claim.starts_with('/') { '/' } else { '.' };
    let object = name.split(separator).next().unwrap_or_default();
    CHOSEN_CLAIMS.contains(&name) || CHOSEN_METADATA.contains(&object)
}

/// Returns the claim name without the `/` at the start of a JSON Pointer.
fn name_of(claim: &str) -> &str {
    claim.strip_prefix('/').unwrap_or(claim)
}

/// Returns whether a rule applies only to callers for whom the identity provider verified the claim.
fn requires_verification<G>(rule: &Rule<G>, claim: &str) -> bool {
    let is_true = |value: &Json<'_>| matches!(value, Json::Bool(true)) || value.as_str() == Some("true");
    let is_required = |name: &str| {
        let mut conditions = rule.who.claims.iter().flatten();
        conditions.any(|(known, accepted)| name_of(known) == name && accepted.iter().all(is_true))
    };
    VERIFICATIONS.iter().any(|(verified, by)| *verified == name_of(claim) && is_required(by))
}
