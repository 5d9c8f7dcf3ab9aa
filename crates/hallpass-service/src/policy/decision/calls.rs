//! Calls to the providers.

use hallpass_token::Life;

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

    /// Decides on a call of Agora's REST APIs, and how long a token for it may live.
    ///
    /// # Errors
    /// As [`room_call`](Self::room_call).
    pub(crate) fn agora_call(&self, call: AgoraCall) -> Result<(DecidedBy, Life), Problem> {
        if self.caller.kind() != Kind::Service {
            return Err(Refusal::new(Part::Privileged, "agora_rest", KEY_ONLY).into());
        }
        let found =
            self.rule("agora_rest", |rule| rule.agora_rest.as_ref().map(|OneOrMore(calls)| (calls, None)))?;
        let (by, life, ()) = found.decide(|calls| allowed(calls, call, "agora_rest", call.name()))?;
        Ok((by, life))
    }
}

fn allowed<T: PartialEq>(calls: &[T], call: T, field: &'static str, name: &str) -> Result<(), Problem> {
    if calls.contains(&call) {
        return Ok(());
    }
    let reason = format!("the rule for this caller does not have \"{name}\" in `{field}`");
    Err(Refusal::new(Part::Privileged, field, reason).into())
}

#[cfg(test)]
mod tests {
    use hallpass_token::agora::Uid;

    use super::*;
    use crate::caller::Caller;
    use crate::caller::tests::user;
    use crate::policy::rule::Rule;
    use crate::policy::{Policy, Texts};

    /// What is decided on a call, as the log names it, and by which rule.
    fn decided(policy: &Policy, caller: &Caller, project: &str, call: &str) -> String {
        let texts = Texts::default();
        let judge = Judge { policy, caller, project, random_uid: Uid::from_bytes([0; 4]), texts: &texts };
        let room = RoomCall::ALL.into_iter().find(|known| known.logged_name() == call);
        let agora = AgoraCall::ALL.into_iter().find(|known| known.logged_name() == call);
        let decided = match (room, agora) {
            (Some(call), _) => judge.room_call(call),
            (None, call) => judge.agora_call(call.unwrap()).map(|(by, _)| by),
        };
        match decided {
            Ok(by) => by.to_string(),
            Err(Problem::Refused(refusal)) => {
                let by = refusal.decided_by.map_or_else(|| "no rule".to_owned(), |by| by.to_string());
                format!("{} {}, {by}", refusal.field, refusal.part.name())
            }
            Err(problem) => problem.to_string(),
        }
    }

    fn rules(rules: &str) -> Policy {
        Policy::of(serde_json::from_str::<Vec<Rule>>(rules).unwrap())
    }

    fn callers() -> [(&'static str, Caller); 5] {
        [
            ("backend", Caller::service("backend")),
            ("billing", Caller::service("billing")),
            ("user", user(r#"{"sub":"alice","role":"teacher"}"#)),
            ("gateway", Caller::gateway(serde_json::from_str(r#"{"sub":"alice"}"#).unwrap())),
            ("anonymous", Caller::ANONYMOUS),
        ]
    }

    const CALLS: [&str; 6] = [
        "rooms.create",
        "rooms.validate",
        "agora_rest.auth",
        "agora_rest.projects",
        "agora_rest.user_events",
        "agora_rest.kick",
    ];

    #[test]
    fn without_a_policy_a_service_key_may_make_every_call_and_nobody_else_any() {
        for wildcard in [false, true] {
            let policy = Policy::usual(wildcard);
            for (name, caller) in callers() {
                for call in CALLS {
                    let is_service = caller.kind() == Kind::Service;
                    let expected = match call.split_once('.') {
                        _ if is_service => "no policy",
                        Some(("rooms", _)) => "rooms service, no rule",
                        _ => "agora_rest privileged, no rule",
                    };
                    assert_eq!(decided(&policy, &caller, "default", call), expected, "{name} {call}");
                }
            }
        }
    }

    #[test]
    fn an_empty_policy_gives_no_call() {
        for (name, caller) in callers() {
            for call in CALLS {
                let got = decided(&rules("[]"), &caller, "default", call);
                assert!(got.ends_with(", no rule"), "{name} {call}: {got}");
            }
        }
    }

    /// For everybody, as far as the rule goes.
    #[test]
    fn a_rule_gives_calls_of_agora_to_service_keys_only() {
        let all = rules(
            r#"[{"rooms":["create","validate"],"agora_rest":["auth","projects","user_events","kick"]}]"#,
        );
        for (name, caller) in callers() {
            for call in CALLS {
                let is_refused = call.starts_with("agora_rest") && caller.kind() != Kind::Service;
                let expected = if is_refused { "agora_rest privileged, no rule" } else { "policy[0]" };
                assert_eq!(decided(&all, &caller, "default", call), expected, "{name} {call}");
            }
        }
    }

    #[test]
    fn decides_as_the_list_says() {
        let policy = rules(
            r#"[
                { "who": { "claims": { "role": "teacher" } }, "rooms": "create" },
                { "who": { "kind": ["user", "gateway"] }, "project": "meet", "rooms": ["validate"] },
                { "who": { "key": "billing" }, "rtc": {}, "agora_rest": "projects" },
                { "who": { "kind": "service" }, "project": ["default", "meet"], "rooms": "validate",
                  "agora_rest": ["auth", "kick"] },
                { "who": { "kind": "service" }, "agora_rest": "user_events" }
            ]"#,
        );
        let callers = callers();
        for (name, project, call, expected) in [
            ("user", "meet", "rooms.create", "policy[0]"),
            ("user", "other", "rooms.create", "policy[0]"),
            // The first rule that speaks of rooms decides.
            ("user", "meet", "rooms.validate", "rooms privileged, policy[0]"),
            ("user", "meet", "agora_rest.kick", "agora_rest privileged, no rule"),
            ("gateway", "meet", "rooms.validate", "policy[1]"),
            ("gateway", "meet", "rooms.create", "rooms privileged, policy[1]"),
            ("gateway", "other", "rooms.validate", "rooms service, no rule"),
            ("anonymous", "meet", "rooms.validate", "rooms service, no rule"),
            ("anonymous", "meet", "agora_rest.auth", "agora_rest privileged, no rule"),
            ("billing", "", "agora_rest.projects", "policy[2]"),
            ("billing", "default", "agora_rest.kick", "agora_rest privileged, policy[2]"),
            ("billing", "meet", "rooms.validate", "policy[3]"),
            ("backend", "meet", "rooms.validate", "policy[3]"),
            ("backend", "meet", "rooms.create", "rooms privileged, policy[3]"),
            ("backend", "other", "rooms.validate", "rooms service, no rule"),
            ("backend", "default", "agora_rest.auth", "policy[3]"),
            ("backend", "default", "agora_rest.kick", "policy[3]"),
            ("backend", "default", "agora_rest.user_events", "agora_rest privileged, policy[3]"),
            ("backend", "other", "agora_rest.user_events", "policy[4]"),
            ("backend", "other", "agora_rest.kick", "agora_rest privileged, policy[4]"),
            // What is about the whole account is about no project, and a rule for some does not give it.
            ("backend", "", "agora_rest.auth", "agora_rest privileged, policy[4]"),
            ("backend", "", "agora_rest.projects", "agora_rest privileged, policy[4]"),
        ] {
            let (_, caller) = callers.iter().find(|(known, _)| *known == name).unwrap();
            assert_eq!(decided(&policy, caller, project, call), expected, "{name} {project} {call}");
        }
    }
}
