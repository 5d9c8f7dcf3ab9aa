//! The routes of servers that apps use today. Each server has a module, which reads its request, asks for the same
//! token as everybody, and writes its answer; nothing about tokens, policy or time is decided there.

mod access_token;
mod agora_docs;
mod agoracn;
mod express;
mod get_token;
mod gin;
mod read;
mod tools_nodejs;
mod videosdk;
mod write;

use http::Response;

use super::Call;

/// The answer to a request for one of these servers; `None` where the path is none of theirs.
///
/// `GET /rtcToken` is before the Express tutorial, which knows `POST /rtctoken` in upper and lower case.
pub(super) fn answer(call: Call<'_>, path: &str) -> Option<Response<Vec<u8>>> {
    tools_nodejs::answer(call, path)
        .or_else(|| express::answer(call, path))
        .or_else(|| agora_docs::answer(call, path))
        .or_else(|| gin::answer(call, path))
        .or_else(|| get_token::answer(call, path))
        .or_else(|| videosdk::answer(call, path))
        .or_else(|| agoracn::answer(call, path))
        .or_else(|| access_token::answer(call, path))
}

/// The path without a slash at the end, for the servers that know both.
fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}
