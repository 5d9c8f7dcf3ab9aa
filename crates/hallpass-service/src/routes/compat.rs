//! The routes of servers that apps use today. The module of a server reads its requests, and writes its responses and errors;
//! tokens are minted as for every other route.

pub(super) mod access_token;
pub(super) mod agora_docs;
pub(super) mod agoracn;
pub(super) mod express;
pub(super) mod get_token;
pub(super) mod gin;
pub(super) mod meetings;
mod mint;
mod read;
pub(super) mod tools_nodejs;
pub(super) mod videosdk;
