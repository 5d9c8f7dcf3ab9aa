//! The paths of the Gin guide's server and its successors.

/// What a path asks for, as it was sent. Its last part may be empty where a slash follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Path<'a> {
    Rtc(RtcPath<'a>),
    Rtm {
        user: &'a str,
    },
    Rte {
        rtc: RtcPath<'a>,
        /// `None` where the user of the channel is meant.
        rtm_user: Option<&'a str>,
    },
    ChatApp,
    ChatAccount {
        user: &'a str,
    },
}

/// Who may do what in a channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RtcPath<'a> {
    pub(super) channel: &'a str,
    pub(super) role: &'a str,
    pub(super) token_type: &'a str,
    pub(super) uid: &'a str,
}

impl<'a> Path<'a> {
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let mut parts = path.strip_suffix('/').unwrap_or(path).strip_prefix('/')?.split('/');
        let path = match parts.next()? {
            "rtc" => Self::Rtc(RtcPath::read(&mut parts)?),
            "rtm" => Self::Rtm { user: parts.next()? },
            "rte" => Self::Rte { rtc: RtcPath::read(&mut parts)?, rtm_user: parts.next() },
            "chat" => match parts.next()? {
                "app" => Self::ChatApp,
                "account" => Self::ChatAccount { user: parts.next()? },
                _ => return None,
            },
            _ => return None,
        };
        parts.next().is_none().then_some(path)
    }
}

impl<'a> RtcPath<'a> {
    fn read(parts: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        Some(Self {
            channel: parts.next()?,
            role: parts.next()?,
            token_type: parts.next()?,
            uid: parts.next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_may_be_empty_but_not_missing() {
        let rtc = |uid| Some(Path::Rtc(RtcPath { channel: "a", role: "b", token_type: "uid", uid }));
        assert_eq!(Path::parse("/rtc/a/b/uid/1"), rtc("1"));
        assert_eq!(Path::parse("/rtc/a/b/uid/1/"), rtc("1"));
        assert_eq!(Path::parse("/rtc/a/b/uid//"), rtc(""));
        assert_eq!(Path::parse("/rtm//"), Some(Path::Rtm { user: "" }));
        for path in [
            "/rtc/a/b/uid",
            "/rtc/a/b/uid/",
            "/rtc/a/b/uid/1/2",
            "/rtc/",
            "/rtc",
            "/RTC/a/b/uid/1",
            "rtc/a/b/uid/1",
            "/rtm",
            "/rtm/",
            "/rtm/a/b",
            "/rte/a/b/uid",
            "/rte/a/b/uid/1/2/3",
            "/chat",
            "/chat/app/1",
            "/chat/account/",
            "/chat/user/1",
            "/",
            "",
        ] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_fifth_part_of_rte_is_the_user_of_signaling() {
        let rtm_user = |path| match Path::parse(path) {
            Some(Path::Rte { rtm_user, .. }) => rtm_user,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(rtm_user("/rte/a/b/uid/1"), None);
        assert_eq!(rtm_user("/rte/a/b/uid/1/"), None);
        assert_eq!(rtm_user("/rte/a/b/uid/1/2"), Some("2"));
        assert_eq!(rtm_user("/rte/a/b/uid/1//"), Some(""));
    }
}
