//! Tokens that an app's clients need before they join a voice, video or messaging channel.
//!
//! In scope: Agora tokens in the formats 006 and 007, from plain values.
//! Out of scope: HTTP, a clock, a source of random bytes, the environment. Time and salt come in as values, so
//! every result can be compared byte for byte; a request for "now" does not compile in a `no_std` crate.
//!
//! ```
//! use hallpass_token::agora::{AppCertificate, AppId, Channel, Role, RtcToken, RtcUser, Salt};
//! use hallpass_token::{Seconds, UnixSeconds};
//!
//! let app_id = AppId::parse("970CA35de60c44645bbae8a215061b33")?;
//! let certificate = AppCertificate::parse("5CFd2fd1755d40ecb72977518be15d3b")?;
//! let life = Seconds(3600);
//! let token = RtcToken {
//!     app_id: &app_id,
//!     channel: Channel::parse("class-7")?,
//!     user: RtcUser::from_number(1234),
//!     privileges: Role::Publisher.privileges(life),
//!     issued_at: UnixSeconds(1_700_000_000),
//!     expires_in: life,
//!     salt: Salt::from_bytes([1, 2, 3, 4]),
//! };
//! assert!(token.sign_007(&certificate).starts_with("007"));
//! assert!(token.sign_006(&certificate).starts_with("006970CA35de60c44645bbae8a215061b33"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;

pub mod agora;
mod time;

pub use time::{Seconds, UnixSeconds};
