//! The error codes of Agora's client SDKs.

/// The reason for which Agora rejects a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The App ID is malformed.
    InvalidAppId,
    /// The token is not valid, or not valid for the client's use.
    InvalidToken,
    /// The token, or a required privilege, has expired.
    Expired,
}

/// A client SDK of Agora.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// The SDK for voice and video on native platforms. The Web SDK uses the same codes under other names.
    Rtc,
    /// The Signaling SDK 1.x. This SDK reports the error when a login fails.
    Rtm1,
    /// The Signaling SDK 2.x.
    Rtm2,
}

/// The error that an SDK reports for a rejected token.
///
/// Sources: `docs.agora.io`, "How to solve token-related errors"; `LOGIN_ERR_CODE` of the Signaling SDK 1.x;
/// `RTM_ERROR_CODE` of the Signaling SDK 2.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdkError {
    /// The SDK that reports the error.
    pub sdk: Sdk,
    /// The numeric error code.
    pub code: i32,
    /// The name of the error code.
    pub name: &'static str,
}

impl Rejection {
    /// Returns the error that an SDK reports for this rejection.
    #[must_use]
    pub const fn error(self, sdk: Sdk) -> SdkError {
        let (code, name) = match (self, sdk) {
            (Self::InvalidAppId, Sdk::Rtc) => (101, "ERR_INVALID_APP_ID"),
            (Self::InvalidAppId, Sdk::Rtm1) => (4, "LOGIN_ERR_INVALID_APP_ID"),
            (Self::InvalidAppId, Sdk::Rtm2) => (-10003, "RTM_ERROR_INVALID_APP_ID"),
            (Self::InvalidToken, Sdk::Rtc) => (110, "ERR_INVALID_TOKEN"),
            (Self::InvalidToken, Sdk::Rtm1) => (5, "LOGIN_ERR_INVALID_TOKEN"),
            (Self::InvalidToken, Sdk::Rtm2) => (-10005, "RTM_ERROR_INVALID_TOKEN"),
            (Self::Expired, Sdk::Rtc) => (109, "ERR_TOKEN_EXPIRED"),
            (Self::Expired, Sdk::Rtm1) => (6, "LOGIN_ERR_TOKEN_EXPIRED"),
            (Self::Expired, Sdk::Rtm2) => (-10009, "RTM_ERROR_TOKEN_EXPIRED"),
        };
        SdkError { sdk, code, name }
    }
}

impl Sdk {
    pub(super) const ALL: [Self; 3] = [Self::Rtc, Self::Rtm1, Self::Rtm2];

    /// Returns `rtc`, `rtm1` or `rtm2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rtc => "rtc",
            Self::Rtm1 => "rtm1",
            Self::Rtm2 => "rtm2",
        }
    }

    /// Returns whether the SDK reports errors of the service with this name.
    pub(super) fn is_for(self, service: &str) -> bool {
        match self {
            Self::Rtc => service == "rtc",
            Self::Rtm1 => service == "rtm",
            Self::Rtm2 => matches!(service, "rtm" | "rtm2"),
        }
    }
}
