//! Agora tokens.
//!
//! [`Mint`] has one function for each official builder, and accepts only values that Agora accepts. The modules
//! [`v006`] and [`v007`] implement the two formats. Like the official SDKs, these modules do not validate strings and
//! times.

mod crc32;
mod credentials;
#[cfg(feature = "inspect")]
mod error;
#[cfg(feature = "inspect")]
mod explain;
mod field_str;
#[cfg(feature = "inspect")]
mod format;
mod mint;
mod name;
mod permission;
mod privilege;
#[cfg(feature = "inspect")]
mod reader;
mod service;
mod size;
mod user;
pub mod v006;
pub mod v007;
mod writer;
mod zlib;

pub use credentials::{AppCertificate, AppId, HexError, Project};
#[cfg(feature = "inspect")]
pub use error::{Base64Error, ParseError, VerifyError, ZlibError};
#[cfg(feature = "inspect")]
pub use explain::{
    Context, Expected, ExpectedService, ExpectedUser, Problem, Rejection, Report, Sdk, SdkError, Signature,
    Untrusted, explain,
};
pub use field_str::FieldStr;
#[cfg(feature = "inspect")]
pub use format::{Format, LegacyFormat};
pub use mint::{Mint, RtcWithRtm, Salt};
pub use name::{Account, Channel, ChannelName, ChatUser, NameError, RtmUser};
pub use permission::{Access, Permission, PermissionTree, Permissions, Resource};
pub use privilege::{PrivilegeTime, Privileges, Role, RtcPrivilege, RtcPrivileges};
pub use service::{FcdnPrivileges, Service, StreamingPrivileges};
pub use size::SizeError;
pub use user::{Uid, UidError, User};
