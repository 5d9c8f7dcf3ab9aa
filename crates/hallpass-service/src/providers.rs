//! Calls to the providers' REST APIs, without the sending: requests out of values, and values out of answers.

pub(crate) mod agora;
mod fault;
mod rest;
pub(crate) mod videosdk;

pub(crate) use self::fault::{Fault, Upstream};
pub(crate) use self::rest::Rest;
