//! The errors of Agora's client SDKs.

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
    /// The SDK for voice and video on native platforms.
    Rtc,
    /// The SDK for voice and video in browsers, version 4 (`agora-rtc-sdk-ng`).
    RtcWeb,
    /// The Signaling SDK 1.x on all platforms. This SDK reports the error when a login fails.
    Rtm1,
    /// The Signaling SDK 2.x on all platforms.
    Rtm2,
}

/// The error that an SDK reports for a rejected token.
///
/// Sources: `docs.agora.io`, "How to solve token-related errors"; npm `agora-rtc-sdk-ng` 4.24; `LOGIN_ERR_CODE` of the
/// Signaling SDK 1.x; `RTM_ERROR_CODE` of the Signaling SDK 2.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdkError {
    /// The SDK that reports the error.
    pub sdk: Sdk,
    /// The numeric error code. The errors of [`Sdk::RtcWeb`] have no number.
    pub code: Option<i32>,
    /// The name of the error code.
    pub name: &'static str,
    /// The message after the name, if the same name has several messages.
    pub message: Option<&'static str>,
}

impl Rejection {
    /// Returns the errors that SDKs report for this rejection.
    #[must_use]
    pub const fn errors(self) -> &'static [SdkError] {
        match self {
            Self::InvalidAppId => INVALID_APP_ID,
            Self::InvalidToken => INVALID_TOKEN,
            Self::Expired => EXPIRED,
        }
    }
}

const INVALID_APP_ID: &[SdkError] = &[
    numbered(Sdk::Rtc, 101, "ERR_INVALID_APP_ID"),
    web("invalid vendor key, can not find appid"),
    numbered(Sdk::Rtm1, 4, "LOGIN_ERR_INVALID_APP_ID"),
    numbered(Sdk::Rtm2, -10003, "RTM_ERROR_INVALID_APP_ID"),
];

const INVALID_TOKEN: &[SdkError] = &[
    numbered(Sdk::Rtc, 110, "ERR_INVALID_TOKEN"),
    web("invalid token, authorized failed"),
    numbered(Sdk::Rtm1, 5, "LOGIN_ERR_INVALID_TOKEN"),
    numbered(Sdk::Rtm2, -10005, "RTM_ERROR_INVALID_TOKEN"),
];

const EXPIRED: &[SdkError] = &[
    numbered(Sdk::Rtc, 109, "ERR_TOKEN_EXPIRED"),
    web("dynamic key or token timeout"),
    web("dynamic key expired"),
    numbered(Sdk::Rtm1, 6, "LOGIN_ERR_TOKEN_EXPIRED"),
    numbered(Sdk::Rtm2, -10009, "RTM_ERROR_TOKEN_EXPIRED"),
];

const fn numbered(sdk: Sdk, code: i32, name: &'static str) -> SdkError {
    SdkError { sdk, code: Some(code), name, message: None }
}

const fn web(message: &'static str) -> SdkError {
    SdkError { sdk: Sdk::RtcWeb, code: None, name: "CAN_NOT_GET_GATEWAY_SERVER", message: Some(message) }
}

impl Sdk {
    /// Returns `rtc`, `rtc-web`, `rtm1` or `rtm2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rtc => "rtc",
            Self::RtcWeb => "rtc-web",
            Self::Rtm1 => "rtm1",
            Self::Rtm2 => "rtm2",
        }
    }

    /// Returns whether the SDK reports errors of the service with this name.
    pub(super) fn is_for(self, service: &str) -> bool {
        match self {
            Self::Rtc | Self::RtcWeb => service == "rtc",
            Self::Rtm1 => service == "rtm",
            Self::Rtm2 => matches!(service, "rtm" | "rtm2"),
        }
    }
}
