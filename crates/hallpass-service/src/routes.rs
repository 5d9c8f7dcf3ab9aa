//! Which request goes where.

mod agora;
mod compat;
mod inspect;
mod openapi;
mod pages;
mod readiness;
mod rooms;
mod step;
mod table;
mod token;

use hallpass_token::Life;
use hallpass_token::agora::Uid;
use http::{Method, Response};
use percent_encoding::percent_decode_str;

use self::table::{Handler, Needs, Route};
pub(crate) use self::token::{TokenAnswer, TokenBody};
use crate::ask::Ask;
use crate::audit::{Called, Occasion};
use crate::auth::Unauthorized;
use crate::caller::{self, Caller};
use crate::input::{Body, Inputs, Request};
use crate::log::Journal;
use crate::mint::{self, Minted};
use crate::platform::Platform;
use crate::policy::{AgoraCall, DecidedBy, Judge, RoomCall, Texts};
use crate::problem::Problem;
use crate::providers::Fault;
use crate::providers::agora::kick::Ban;
use crate::service::Service;
use crate::setup::{Access, Ready, Setup};

/// One request on its way through a route.
#[derive(Clone, Copy)]
struct Call<'a> {
    /// `None` where the route needs none.
    setup: Option<&'a Setup>,
    request: &'a Request,
    inputs: &'a Inputs<'a>,
    journal: &'a Journal,
    route: &'static Route,
    /// The path, decoded.
    path: &'a str,
    /// Who is calling, or why nobody is let through.
    caller: &'a Result<Caller, Problem>,
}

/// Leave to mint: there is a caller, and there is something to sign with.
struct Minter<'a> {
    ready: &'a Ready,
    caller: &'a Caller,
    inputs: &'a Inputs<'a>,
    journal: &'a Journal,
    occasion: Occasion<'a>,
    texts: Texts,
}

/// Answers one request. The path is decoded once, before it is matched, so `%2F` separates like `/`.
pub(crate) async fn answer(
    service: &Service,
    request: &Request,
    inputs: &Inputs<'_>,
    platform: &impl Platform,
    journal: &Journal,
) -> Response<Vec<u8>> {
    let Ok(path) = percent_decode_str(&request.path).decode_utf8() else {
        return Problem::InvalidPath.into_response(&inputs.request_id);
    };
    let Some(route) = table::find(&path, &request.method) else {
        return Problem::NotFound.into_response(&inputs.request_id);
    };
    let is_allowed = route.allows(&request.method);
    let setup = match route.needs {
        Needs::Nothing => None,
        Needs::Setup | Needs::Caller if !is_allowed => None,
        Needs::Setup | Needs::Caller => Some(service.setup(inputs.now, platform, journal).await),
    };
    let caller = match &setup {
        Some(setup) if route.needs == Needs::Caller => {
            let occasion = Occasion { request_id: &inputs.request_id, route: route.path };
            let_in(setup, request, inputs, platform, journal, occasion).await
        }
        _ => Err(Unauthorized::Missing.into()),
    };
    let setup = setup.as_deref();
    let call = Call { setup, request, inputs, journal, route, path: &path, caller: &caller };
    if !is_allowed {
        return (route.server.refuse)(call, &table::methods(&path));
    }
    let mut response = match route.answer {
        Handler::Here(answer) => answer(call),
        Handler::ByProvider(begin) => begin(call).finish(platform).await,
    };
    if let (Err(problem), Needs::Caller) = (&caller, route.needs) {
        problem.add_headers(response.headers_mut());
    }
    response
}

/// Finds out who is calling and whether that is within the limit, before anything that was sent is looked at.
async fn let_in(
    setup: &Setup,
    request: &Request,
    inputs: &Inputs<'_>,
    platform: &impl Platform,
    journal: &Journal,
    occasion: Occasion<'_>,
) -> Result<Caller, Problem> {
    let auth = match &setup.access {
        Access::Configured(auth) => auth,
        Access::NotConfigured => return Err(Problem::AuthNotConfigured),
        Access::Unknown => return Err(Problem::NotReady),
    };
    let caller = auth.authenticate(request, inputs, platform, journal).await;
    let key = || match caller.as_ref().ok().and_then(Caller::limit_key) {
        Some(key) => Some(key),
        None => (inputs.caller_address)().map(|address| caller::limit_key_of(&address)),
    };
    let is_within = platform.is_within_limit(key).await;
    let problem = match caller {
        Ok(caller) if is_within => return Ok(caller),
        Ok(caller) => {
            journal.add(occasion.turned_away(
                Some(&caller),
                (inputs.caller_address)(),
                &Problem::TooManyRequests,
            ));
            return Err(Problem::TooManyRequests);
        }
        Err(_) if !is_within => Problem::TooManyRequests,
        Err(problem) => problem,
    };
    journal.add(occasion.turned_away(None, (inputs.caller_address)(), &problem));
    Err(problem)
}

fn method_not_allowed(call: Call<'_>, allow: &str) -> Response<Vec<u8>> {
    Problem::MethodNotAllowed { allow: allow.to_owned() }.into_response(&call.inputs.request_id)
}

impl<'a> Call<'a> {
    fn is(&self, method: &Method) -> bool {
        self.request.method == method
    }

    /// The part of the path that the table gives this name; empty where it gives it to none.
    fn part(&self, name: &str) -> &'a str {
        self.route.part(self.path, name)
    }

    /// Notes what a provider did not do.
    fn provider_failed(&self, fault: Fault) -> Problem {
        self.journal.add(fault.log_line(&self.inputs.request_id, self.route.path));
        Problem::Provider(Box::new(fault))
    }

    fn body(&self) -> Result<&'a [u8], Problem> {
        match &self.request.body {
            Body::Whole(bytes) => Ok(bytes),
            Body::TooLarge => Err(Problem::BodyTooLarge),
            Body::Broken => Err(Problem::BodyBroken),
        }
    }

    /// # Errors
    /// Where nobody is let through, and where there is nothing to sign with.
    fn minter(&self) -> Result<Minter<'a>, Problem> {
        let caller = self.caller.as_ref().map_err(Clone::clone)?;
        let ready = self.setup.and_then(|setup| setup.ready.as_ref().ok()).ok_or(Problem::NotReady)?;
        let occasion = Occasion { request_id: &self.inputs.request_id, route: self.route.path };
        let (inputs, journal) = (self.inputs, self.journal);
        Ok(Minter { ready, caller, inputs, journal, occasion, texts: Texts::default() })
    }
}

/// The first value of this name in the query, decoded.
fn query_value(call: Call<'_>, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(call.request.query.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

impl Minter<'_> {
    /// Decides on a call of VideoSDK's REST API, and notes it.
    fn allow_room_call(&self, call: RoomCall, project: &str, room: Option<&str>) -> Result<(), Problem> {
        let decided = self.judge(project).room_call(call).map(Some);
        let called = Called { service: call.logged_name(), project: Some(project), place: room, ban: None };
        self.note_call(called, decided)
    }

    /// Notes a call for which the caller brought a token of its own.
    fn note_call_with_own_token(&self, call: RoomCall, room: Option<&str>) {
        let called = Called { service: call.logged_name(), project: None, place: room, ban: None };
        self.journal.add(self.occasion.call(self.caller, called, &Ok(None)));
    }

    /// Decides on a call of Agora's REST APIs, and notes it: how long a token for it may live. Without a project it is
    /// about the whole account.
    fn allow_agora_call(
        &self,
        call: AgoraCall,
        project: Option<&str>,
        ban: Option<&Ban>,
    ) -> Result<Life, Problem> {
        let decided = self.judge(project.unwrap_or_default()).agora_call(call);
        let life = decided.as_ref().map_or(Life::MAX, |(_, life)| *life);
        let place = ban.and_then(|ban| ban.channel.as_deref());
        let called = Called { service: call.logged_name(), project, place, ban };
        self.note_call(called, decided.map(|(by, _)| Some(by)))?;
        Ok(life)
    }

    fn note_call(
        &self,
        called: Called<'_>,
        decided: Result<Option<DecidedBy>, Problem>,
    ) -> Result<(), Problem> {
        self.journal.add(self.occasion.call(self.caller, called, &decided));
        decided.map(|_| ())
    }

    fn judge<'a>(&'a self, project: &'a str) -> Judge<'a> {
        let random_uid = Uid::from_bytes(self.inputs.uid_bytes());
        Judge { policy: &self.ready.policy, caller: self.caller, project, random_uid, texts: &self.texts }
    }

    fn mint<'a>(&'a self, ask: &Ask<'a>) -> Result<Minted<'a>, Problem> {
        let minted = mint::mint(self.ready, self.caller, &self.texts, ask, self.inputs);
        match &minted {
            Ok(minted) => self.journal.add(self.occasion.granted(self.caller, minted)),
            Err(problem @ Problem::Refused(_)) => {
                self.journal.add(self.occasion.refused(self.caller, ask, problem));
            }
            // What cannot be asked for is not decided on.
            Err(_) => {}
        }
        minted
    }
}
