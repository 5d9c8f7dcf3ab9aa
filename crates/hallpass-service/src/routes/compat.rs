//! The routes of servers that apps use today. Each server has a module, which reads its request, asks for the same
//! token as everybody, and writes its answer; nothing about tokens, policy or time is decided there.

pub(super) mod access_token;
pub(super) mod agora_docs;
pub(super) mod agoracn;
pub(super) mod express;
pub(super) mod get_token;
pub(super) mod gin;
pub(super) mod meetings;
mod read;
pub(super) mod tools_nodejs;
pub(super) mod videosdk;
pub(super) mod write;
