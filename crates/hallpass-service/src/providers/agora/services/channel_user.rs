//! Channels and the users in them.

use hallpass_token::agora::{Account, Channel, ChannelName, Uid, User};

use super::service::{Context, Grant};
use crate::policy::{
    BoundUser, DeniedPart, Identity, NO_IDENTITY, OTHER_USER_DENIED, PolicyError, TokenError,
};
use crate::web::field_error::FieldError;
use crate::web::json::{Fields, Invalid, Json};

/// The channel and the user of a request. Both fields are set after [`complete`](Self::complete).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChannelUser<'a> {
    pub(crate) channel: Option<Channel<'a>>,
    pub(crate) user: Option<User<'a>>,
    /// True if an omitted user is the account of the caller's identity instead of a uid.
    prefers_account: bool,
}

impl<'a> ChannelUser<'a> {
    /// Returns a request that specifies the channel and the user.
    pub(crate) const fn new(channel: Channel<'a>, user: User<'a>) -> Self {
        Self::or_own_uid(channel, Some(user))
    }

    /// Returns a request for the channel and the user. If the user is omitted, the policy chooses a uid.
    pub(crate) const fn or_own_uid(channel: Channel<'a>, user: Option<User<'a>>) -> Self {
        Self { channel: Some(channel), user, prefers_account: false }
    }

    /// Returns a request for the channel and the account. If the account is omitted, the account is the caller's identity.
    pub(crate) fn or_own_account(channel: Channel<'a>, account: Option<Account<'a>>) -> Self {
        Self { channel: Some(channel), user: account.map(User::Account), prefers_account: true }
    }

    /// Reads the field `channel`, and either `uid` or `account`.
    pub(super) fn read(service: &str, fields: Fields<'a>) -> Result<Self, Invalid<'a>> {
        let channel = fields.read_optional("channel", |value| value.parsed(Channel::parse_or_any))?;
        let uid = fields.read_optional("uid", read_uid)?;
        let user = match (uid, fields.optional("account")) {
            (Some(_), Some(account)) => {
                let detail = format!("cannot be combined with `{service}.uid`. Specify one of them");
                return Err(Invalid::rule(account, detail));
            }
            (Some(uid), None) => Some(User::from_number_or_any(uid)),
            (None, Some(account)) => Some(account.parsed(Account::parse)?.into()),
            (None, None) => None,
        };
        Ok(Self { channel, user, prefers_account: false })
    }

    /// Checks the channel and the user against a grant, and fills in omitted values. If the result is an error, the request
    /// is unchanged.
    pub(super) fn complete(
        &mut self,
        service: &str,
        grant: &'a Grant,
        context: &Context<'a>,
    ) -> Result<(), TokenError> {
        let mut completed = *self;
        completed.complete_channel(service, grant, context)?;
        completed.complete_user(service, grant, context)?;
        *self = completed;
        Ok(())
    }

    pub(super) fn complete_channel(
        &mut self,
        service: &str,
        grant: &'a Grant,
        context: &Context<'a>,
    ) -> Result<(), TokenError> {
        let field = format!("{service}.channel");
        let (evaluator, patterns) = (context.evaluator, grant.channels.as_deref());
        let denied = |part, reason: String| Err(PolicyError::new(part, &field, reason).into());
        match self.channel {
            Some(Channel::Any) if grant.every_channel => Ok(()),
            Some(Channel::Any) => denied(DeniedPart::Privileged, ANY_CHANNEL.to_owned()),
            Some(channel) if evaluator.allows(patterns, channel.as_str()) => Ok(()),
            Some(channel) => {
                let channel = channel.as_str();
                denied(
                    DeniedPart::Channel,
                    format!("The rules for this caller do not allow channel \"{channel}\"."),
                )
            }
            None => {
                let Some(name) = evaluator.sole_match(patterns) else {
                    return Err(FieldError::new(&field, "is missing. Specify the channel to join").into());
                };
                let channel = ChannelName::parse(name).map_err(|error| {
                    let reason =
                        format!("The rule for this caller yields an invalid channel name: it {error}. Correct `{field}` in the rule, or the claim that its pattern uses.");
                    PolicyError::new(DeniedPart::Channel, &field, reason)
                })?;
                self.channel = Some(channel.into());
                Ok(())
            }
        }
    }

    pub(super) fn complete_user(
        &mut self,
        service: &str,
        grant: &'a Grant,
        context: &Context<'a>,
    ) -> Result<(), TokenError> {
        let is_account = self.user.map_or(self.prefers_account, |user| matches!(user, User::Account(_)));
        let field = format!("{service}.{}", if is_account { "account" } else { "uid" });
        if self.user == Some(User::Any) && grant.identity != Identity::Wildcard {
            return Err(PolicyError::new(DeniedPart::Privileged, &field, UID_0).into());
        }
        self.user = Some(match (context.evaluator.bound_user(&grant.identity, &field)?, self.user) {
            (None, Some(user)) => user,
            (None, None) if is_account => return Err(FieldError::new(&field, NO_IDENTITY).into()),
            (None, None) if context.prefers_any_user && grant.identity == Identity::Wildcard => User::Any,
            (None, None) => context.random_uid.into(),
            (Some(bound), None) if is_account => own_account(bound, &field, context)?.into(),
            (Some(bound), None) => bound_uid(bound, context).into(),
            (Some(bound), Some(user)) if is_bound(bound, user, context) => user,
            (Some(_), Some(_)) => {
                return Err(PolicyError::new(DeniedPart::Identity, &field, OTHER_USER_DENIED).into());
            }
        });
        Ok(())
    }

    /// Returns the channel and the user of the completed request; `None` before completion.
    pub(super) fn completed(&self) -> Option<(Channel<'a>, User<'a>)> {
        self.channel.zip(self.user)
    }

    pub(super) fn channel_name(&self) -> Option<&'a str> {
        self.channel.map(|channel| channel.as_str())
    }

    /// Returns the uid. The uid 0 means all users.
    pub(super) fn uid(&self) -> Option<u32> {
        match self.user? {
            User::Uid(uid) => Some(uid.get()),
            User::Any => Some(0),
            User::Account(_) => None,
        }
    }

    /// Returns the fields of the response.
    pub(super) fn to_fields(self) -> Vec<(&'static str, Json<'a>)> {
        let mut fields = vec![("channel", self.channel_name().into())];
        match self.user {
            Some(User::Account(account)) => fields.push(("account", account.as_str().into())),
            _ => fields.push(("uid", self.uid().into())),
        }
        fields
    }
}

/// Reads a uid. The uid 0 means all users and requires a grant.
pub(crate) fn read_uid<'j>(value: &'j Json<'j>) -> Result<u32, Invalid<'j>> {
    value.whole_number(0..=u32::MAX, "a whole number from 1 to 4294967295; for a string, use `account`")
}

/// Returns the caller's uid in the channels of an app. If the rule uses a claim other than the subject and the claim
/// contains a uid, returns this uid. Otherwise, derives the uid from the subject or the claim.
///
/// With a key, a string of digits is not a uid. Otherwise, a user who can enter the claim could enter the uid of another
/// user.
pub(super) fn bound_uid(bound: BoundUser<'_>, context: &Context<'_>) -> Uid {
    let may_be_uid = !bound.is_subject && (bound.is_number || !context.uids.is_keyed());
    let claimed = if may_be_uid { Uid::parse(bound.id).ok() } else { None };
    claimed.unwrap_or_else(|| context.uids.derive(context.app_id, bound.id))
}

/// Returns the account of the caller's identity.
fn own_account<'a>(
    bound: BoundUser<'a>,
    field: &str,
    context: &Context<'a>,
) -> Result<Account<'a>, PolicyError> {
    let account = Account::parse(bound.id).map_err(|error| bound.invalid(field, &error))?;
    if is_bound(bound, account.into(), context) {
        Ok(account)
    } else {
        Err(bound.invalid(field, &UID_OF_OTHER))
    }
}

/// Returns whether a user in the channels of an app is the caller.
fn is_bound(bound: BoundUser<'_>, user: User<'_>, context: &Context<'_>) -> bool {
    let own = bound_uid(bound, context);
    match user {
        User::Any => false,
        User::Uid(uid) => uid == own,
        // Tokens do not distinguish an account of digits from the uid with the same digits. This uid may belong to
        // another user.
        User::Account(account) => {
            let is_uid_of_other = Uid::parse(account.as_str()).is_ok_and(|uid| uid != own);
            account.as_str() == bound.id && !is_uid_of_other
        }
    }
}

const ANY_CHANNEL: &str = "Channel `*` grants access to every channel of the project. Request one channel, or add `\"every_channel\": true` to the grant in the rule.";
const UID_0: &str = "uid 0 creates a token that any user can use. Specify a uid from 1 to 4294967295 (on the routes of other servers, `self` is the caller's own uid), or grant uid 0 with `\"identity\": \"wildcard\"`; without a policy, with `auth.open.wildcard`.";
const UID_OF_OTHER: &str = "is a number, and the uid with this number may belong to another user";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Caller;
    use crate::policy::{Evaluator, StringArena};
    use crate::providers::agora::derived_uid::UidDerivation;
    use hallpass_token::agora::AppId;

    /// The uid of `alice`, calculated with `sha256sum`. The tests in `tests/policy` use the same uid.
    const ALICE: u32 = 2_606_419_837;

    #[test]
    fn rejects_a_numeric_subject_as_the_account_with_the_same_digits() {
        let app_id = AppId::parse("970CA35de60c44645bbae8a215061b33").unwrap();
        let context = Context {
            evaluator: Evaluator { caller: &Caller::ANONYMOUS, arena: &StringArena::default() },
            app_id: &app_id,
            uids: &UidDerivation::UNKEYED,
            random_uid: Uid::from_bytes([0; 4]),
            channel_uid: None,
            prefers_any_user: false,
        };
        let digits = ALICE.to_string();
        let is_allowed = |is_subject, text| {
            let account = Account::parse(text).unwrap();
            is_bound(BoundUser { id: text, is_subject, is_number: false }, account.into(), &context)
        };
        assert!(is_allowed(true, "alice"));
        assert!(!is_allowed(true, &digits));
        assert!(is_allowed(false, &digits));
    }
}
