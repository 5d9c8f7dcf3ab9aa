//! Calls to the providers.

use super::Judge;
use crate::caller::Kind;
use crate::json::OneOrMore;
use crate::policy::DecidedBy;
use crate::policy::calls::{AgoraCall, RoomCall};
use crate::policy::refusal::{Part, Refusal};
use crate::problem::Problem;

const KEY_ONLY: &str =
    "Agora's REST APIs are for callers with a service key: their credentials open the whole account";

impl Judge<'_> {
    /// Decides on a call of VideoSDK's REST API.
    ///
    /// # Errors
    /// [`Problem::Refused`]
    pub(crate) fn room_call(&self, call: RoomCall) -> Result<DecidedBy, Problem> {
        let found = self.rule("rooms", |rule| rule.rooms.as_ref().map(|OneOrMore(calls)| (calls, None)))?;
        let (by, _, ()) = found.decide(|calls| allowed(calls, call, "rooms", call.name()))?;
        Ok(by)
    }

    /// Decides on a call of Agora's REST APIs.
    ///
    /// # Errors
    /// As [`room_call`](Self::room_call).
    pub(crate) fn agora_call(&self, call: AgoraCall) -> Result<DecidedBy, Problem> {
        if self.caller.kind() != Kind::Service {
            return Err(Refusal::new(Part::Privileged, "agora_rest", KEY_ONLY).into());
        }
        let found =
            self.rule("agora_rest", |rule| rule.agora_rest.as_ref().map(|OneOrMore(calls)| (calls, None)))?;
        let (by, _, ()) = found.decide(|calls| allowed(calls, call, "agora_rest", call.name()))?;
        Ok(by)
    }
}

fn allowed<T: PartialEq>(calls: &[T], call: T, field: &'static str, name: &str) -> Result<(), Problem> {
    if calls.contains(&call) {
        return Ok(());
    }
    let reason = format!("the rule for this caller does not have \"{name}\" in `{field}`");
    Err(Refusal::new(Part::Privileged, field, reason).into())
}
