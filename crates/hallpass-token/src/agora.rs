//! Agora tokens.
//!
//! [`RtcToken`] is the way in: values of types that hold only what Agora accepts, signed as 006 or 007. Beneath it,
//! [`v006`] and [`v007`] are the two formats themselves, which hold whatever the official SDKs can put into them.

mod credentials;
mod mac;
mod name;
mod privilege;
mod rtc;
pub mod v006;
pub mod v007;
mod writer;
mod zlib;

pub use credentials::{AppCertificate, AppId, HexError};
pub use name::{Account, Channel, ChannelName, NameError};
pub use privilege::{Privileges, RtcPrivilege, RtcPrivileges, Text};
pub use rtc::{Role, RtcToken, RtcUser, Salt};
