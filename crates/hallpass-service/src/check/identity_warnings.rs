//! Warnings about rules whose identity is a claim that users can choose.

use crate::auth::CallerKind;
use crate::policy::{GrantsDescription, Identity, Rule};
use crate::providers::has_uid;
use crate::state::Config;
use crate::web::strings::listed;

/// The claims that users can usually choose: users enter these claims at sign-up or in their profile. OpenID Connect
/// guarantees uniqueness only for `sub` with `iss`, and requires that apps do not identify users by these claims (OpenID
/// Connect Core 1.0 section 5.7).
const CHOSEN_CLAIMS: [&str; 13] = [
    "email",
    "preferred_username",
    "nickname",
    "name",
    "username",
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

/// Returns a warning for each rule and each such claim. If the derivation of uids has no key, another warning concerns the
/// uids. `kinds` are the caller kinds that the configuration accepts.
pub(super) fn identity_warnings(config: &Config, kinds: &[CallerKind]) -> Vec<String> {
    let is_keyed = config.identity.uid_secret.is_some();
    let mut warnings = Vec::new();
    for (by, rule) in config.policy.rules() {
        let have_claims = [CallerKind::User, CallerKind::Gateway];
        if !have_claims.into_iter().any(|kind| kinds.contains(&kind) && rule.who.may_match(kind)) {
            continue;
        }
        for (claim, services) in chosen_claims(&rule.grants.describe()) {
            let with_uid: Vec<_> = services.iter().filter(|service| has_uid(service)).collect();
            if !requires_verification(rule, claim) {
                let services = listed(&services, "and");
                warnings.push(format!(
                    "{by}: the claim `{claim}` identifies users for {services}, and users can usually choose this claim. A user who has the value of another user gets tokens for that user. Use `self`, or a claim that the identity provider verifies and that is unique"
                ));
            }
            if !is_keyed && !with_uid.is_empty() {
                let services = listed(with_uid, "and");
                warnings.push(format!(
                    "{by}: uids for {services} are derived from the claim `{claim}`. Users can usually choose this claim, and can search for a value that has the uid of another user. Set `identity.uid_secret`, or use `self`"
                ));
            }
        }
    }
    warnings
}

/// Returns the claims that users can choose, each with the services whose users the claim identifies.
fn chosen_claims<'a>(grants: &GrantsDescription<'a>) -> Vec<(&'a str, Vec<&'static str>)> {
    let mut claims: Vec<(&str, Vec<_>)> = Vec::new();
    for grant in &grants.grants {
        let Some(Identity::Claim(claim)) = grant.identity else { continue };
        if !can_be_chosen(claim) {
            continue;
        }
        match claims.iter_mut().find(|(known, _)| known == claim) {
            Some((_, services)) => services.push(grant.service),
            None => claims.push((claim, vec![grant.service])),
        }
    }
    claims
}

fn can_be_chosen(claim: &str) -> bool {
    let object = claim.split('.').next().unwrap_or_default();
    CHOSEN_CLAIMS.contains(&claim) || CHOSEN_METADATA.contains(&object)
}

/// Returns whether a rule applies only to callers for whom the identity provider verified the claim.
fn requires_verification<G>(rule: &Rule<G>, claim: &str) -> bool {
    let is_required = |name: &str| rule.who.claims.iter().flatten().any(|(known, _)| known == name);
    VERIFICATIONS.iter().any(|(verified, by)| *verified == claim && is_required(by))
}
