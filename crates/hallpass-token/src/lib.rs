//! Tokens that the clients of an app need to join a voice or video channel, or to use messaging.
//!
//! References such as "Formats 2.4" point to sections of the crate's `FORMATS.md`.
//!
//! The crate mints Agora tokens in the formats 006 and 007 ([`agora`]), and VideoSDK tokens ([`videosdk`]). With the
//! feature `inspect`, the crate also parses, verifies and explains these tokens. The crate does not use HTTP, a clock,
//! a source of random bytes, or environment variables. Time and salt are arguments, so equal arguments produce equal
//! tokens.
//!
//! ```
//! use hallpass_token::agora::{AppCertificate, AppId, ChannelName, Mint, Role, Salt, Uid};
//! use hallpass_token::{PrivilegeTtl, Ttl, UnixSeconds};
//!
//! let mint = Mint {
//!     app_id: &AppId::parse("970CA35de60c44645bbae8a215061b33")?,
//!     certificate: &AppCertificate::parse("5CFd2fd1755d40ecb72977518be15d3b")?,
//!     issued_at: UnixSeconds(1_700_000_000),
//!     salt: Salt::from_bytes([1, 2, 3, 4]),
//! };
//! let ttl = Ttl::new(3600)?;
//! let privileges = Role::Publisher.privileges(PrivilegeTtl::For(ttl));
//! let (channel, uid) = (ChannelName::parse("class-7")?, Uid::parse("1234")?);
//! let token = mint.rtc(channel.into(), uid.into(), privileges, ttl);
//! assert!(token.starts_with("007"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;

/// A type whose documentation is the README, so that the README's examples run as doctests.
#[cfg(all(doctest, feature = "inspect"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod agora;
mod base64;
mod checked_str;
mod mac;
mod quote;
mod severity;
mod time;
pub mod videosdk;

pub use quote::Quoted;
pub use severity::Severity;
pub use time::{PrivilegeTtl, Seconds, Ttl, TtlError, UnixSeconds};
