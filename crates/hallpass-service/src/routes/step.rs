//! A route's answer in steps: what it wants sent comes out, and the answer to that goes in.

use http::Response;

use crate::outbound::{Incoming, Outgoing, SendError};
use crate::platform::Platform;

/// How far a request has come.
pub(super) enum Step<'a> {
    Done(Response<Vec<u8>>),
    /// Something is to be sent, once; what follows depends on the answer.
    Send(Outgoing, Next<'a>),
}

type Next<'a> = Box<dyn FnOnce(Result<Incoming, SendError>) -> Step<'a> + 'a>;

impl<'a> Step<'a> {
    pub(super) fn send(
        request: Outgoing,
        next: impl FnOnce(Result<Incoming, SendError>) -> Self + 'a,
    ) -> Self {
        Self::Send(request, Box::new(next))
    }

    /// Goes on to the end.
    pub(super) async fn finish(mut self, platform: &impl Platform) -> Response<Vec<u8>> {
        loop {
            match self {
                Self::Done(response) => return response,
                Self::Send(request, next) => self = next(platform.send(&request).await),
            }
        }
    }
}
