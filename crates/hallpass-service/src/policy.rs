//! Who may have what.

use std::fmt;

use hallpass_token::agora::{Channel, Uid, User};

use crate::caller::Caller;

/// Why a caller does not get what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The part of the request that was refused.
    pub(crate) part: Part,
    /// What was refused, and who could grant it.
    pub(crate) reason: &'static str,
}

/// The parts of a request that a policy decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Something that is never given unless a rule names it.
    Privileged,
}

impl Part {
    /// The name that programs may rely on.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

/// Decides who an RTC token is for. A request that names nobody gets `random_uid`.
///
/// # Errors
/// [`Refusal`] for channel `*`, and for uid 0 unless the caller may have it.
pub(crate) fn rtc_user<'a>(
    caller: Caller,
    channel: Channel<'a>,
    user: Option<User<'a>>,
    random_uid: Uid,
) -> Result<User<'a>, Refusal> {
    let Caller::Anonymous(open) = caller;
    if channel == Channel::Any {
        return Err(Refusal {
            part: Part::Privileged,
            reason: "channel `*` opens every channel of the project, and is never given to anonymous callers",
        });
    }
    match user {
        Some(User::Any) if !open.wildcard => Err(Refusal {
            part: Part::Privileged,
            reason: "uid 0 makes a token that anybody may use; name a uid, or set `auth.open.wildcard`",
        }),
        Some(user) => Ok(user),
        None => Ok(User::Uid(random_uid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Open;

    const NARROW: Caller = Caller::Anonymous(Open { wildcard: false });
    const WIDE: Caller = Caller::Anonymous(Open { wildcard: true });

    fn decide(caller: Caller, channel: &str, user: Option<User<'static>>) -> Result<User<'static>, Part> {
        let channel = if channel == "*" { Channel::Any } else { Channel::parse_or_any("demo").unwrap() };
        rtc_user(caller, channel, user, Uid::from_bytes([0xFF; 4])).map_err(|refusal| refusal.part)
    }

    #[test]
    fn uid_0_needs_the_wildcard() {
        assert_eq!(decide(NARROW, "demo", Some(User::Any)), Err(Part::Privileged));
        assert_eq!(decide(WIDE, "demo", Some(User::Any)), Ok(User::Any));
    }

    #[test]
    fn channel_star_is_not_opened_by_the_wildcard() {
        assert_eq!(decide(WIDE, "*", Some(User::from_number_or_any(1))), Err(Part::Privileged));
    }

    #[test]
    fn nobody_named_is_a_random_uid_and_not_anybody() {
        assert_eq!(decide(WIDE, "demo", None), Ok(User::from_number_or_any(u32::MAX)));
    }
}
