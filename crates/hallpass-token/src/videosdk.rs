//! VideoSDK tokens: JSON Web Tokens (RFC 7519), signed with HMAC-SHA256 (RFC 7515).
//!
//! [`Claims`] is the entry point for minting. The types of its fields accept only values that VideoSDK accepts. The
//! tokens equal those of VideoSDK's server SDKs byte for byte. With the feature `inspect`, `Untrusted::parse` parses a
//! token, `Untrusted::verify` verifies a parsed token, and `explain` reports the problems of a token.
//!
//! Reference for the claims: <https://docs.videosdk.live/server-sdk/authentication-and-tokens>.
//!
//! ```
//! use hallpass_token::videosdk::{ApiKey, Claims, ParticipantId, Permissions, Roles, RoomId, Scope, Secret};
//! use hallpass_token::{Ttl, UnixSeconds};
//!
//! let api_key = ApiKey::parse("7b1c2f6e-0000-4000-8000-000000000001")?;
//! let secret = Secret::parse("d2c4e6f8a0b1c3d5e7f9123456789abcdef0123456789abcdef0123456789ab")?;
//! let claims = Claims {
//!     api_key: &api_key,
//!     permissions: Permissions::Join,
//!     scope: Scope::V2 {
//!         roles: Roles::Rtc,
//!         room: Some(RoomId::parse("2kyv-gzay-64pg")?),
//!         participant: Some(ParticipantId::parse("user-123")?),
//!     },
//!     issued_at: UnixSeconds(1_700_000_000),
//!     expires_in: Ttl::new(900)?,
//!     id: None,
//! };
//! assert!(claims.sign(&secret).ends_with(".CfsQaM6nSgVNXS_WGDxR3-ChNkHeO5CkR5bkea8kAng"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod claims;
mod credentials;
#[cfg(feature = "inspect")]
mod error;
#[cfg(feature = "inspect")]
mod explain;
mod id;
#[cfg(feature = "inspect")]
mod json;
#[cfg(feature = "inspect")]
mod parse;
#[cfg(feature = "inspect")]
mod parsed_claims;
#[cfg(feature = "inspect")]
mod problem;
mod scope;
#[cfg(test)]
mod test_support;
#[cfg(feature = "inspect")]
mod verify;

pub use claims::Claims;
pub use credentials::{ApiKey, EmptySecret, Project, Secret};
#[cfg(feature = "inspect")]
pub use error::{MAX_TOKEN_BYTES, ParseError, Part};
#[cfg(feature = "inspect")]
pub use explain::{Context, Expected, Report, Signature, explain};
pub use id::{IdError, ParticipantId, RoomId, TokenId};
#[cfg(feature = "inspect")]
pub use parse::Untrusted;
#[cfg(feature = "inspect")]
pub use parsed_claims::{ParsedClaims, Version};
#[cfg(feature = "inspect")]
pub use problem::{Problem, SdkError};
pub use scope::{Permissions, PermissionsError, Roles, RolesError, Scope};
#[cfg(feature = "inspect")]
pub use verify::{Verified, VerifyError};
