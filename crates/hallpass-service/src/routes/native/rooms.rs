//! `POST /v1/videosdk/rooms` and `GET /v1/videosdk/rooms/{id}/validate`. The service signs a token for each call to
//! VideoSDK, and returns VideoSDK's response.

use hallpass_token::videosdk::RoomId;
use zeroize::Zeroizing;

use crate::problem::Problem;
use crate::providers::videosdk::rest::{self, RoomOptions, RoomValidation};
use crate::providers::videosdk::{RoomCall, RoomsVersion, decide_call};
use crate::routes::authorized::Authorized;
use crate::routes::route::ok;
use crate::token::ProviderCall;
use crate::web::json::{Invalid, Json};
use crate::web::response::{JSON, Response};

/// Handles `POST /v1/videosdk/rooms`: creates a room.
pub(in crate::routes) async fn create(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let provider = &authorized.signing.providers.videosdk;
    let document = if authorized.body()?.is_empty() { Json::object([]) } else { authorized.json()? };
    let (project, options) = document.read(|body| {
        let fields = body.fields(&["project", "custom_room_id", "region", "geo_fence"])?;
        let string = |name| fields.read_optional(name, Json::string);
        if let Some(id) = fields.optional("custom_room_id") {
            id.parsed(parse_room_id)?;
        }
        let (custom_room_id, region, geo_fence) =
            (string("custom_room_id")?, string("region")?, string("geo_fence")?);
        if geo_fence.is_some() && provider.rooms_version == RoomsVersion::V1 {
            let detail = "requires version 2 of VideoSDK's API, but `rest.videosdk.version` is \"v1\"";
            return Err(Invalid::field(body, "geo_fence", detail));
        }
        Ok((string("project")?, RoomOptions { custom_room_id, region, geo_fence }))
    })?;
    let token = rest_token(authorized, project, RoomCall::Create, options.custom_room_id)?;
    let created = rest::read_room(authorized.send(rest::create(provider, token, &options)).await);
    let room = created.map_err(|error| authorized.upstream_failed(error))?;
    Ok(ok(JSON, &room))
}

/// Handles `GET /v1/videosdk/rooms/{id}/validate`: checks whether a room exists.
pub(in crate::routes) async fn validate(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let room = room_id("id", authorized.path_param("id"))?;
    let project = authorized.query("project");
    let token = rest_token(authorized, project.as_deref(), RoomCall::Validate, Some(room.as_str()))?;
    let request = rest::validate(&authorized.signing.providers.videosdk, token, room);
    let validation = rest::read_validation(authorized.send(request).await);
    let body = match validation.map_err(|error| authorized.upstream_failed(error))? {
        RoomValidation::Exists(room) => room.with("valid", true.into()),
        RoomValidation::NotFound(error) => {
            Json::object([("valid", false.into()), ("reason", error.message().map(str::to_owned).into())])
        }
    };
    Ok(ok(JSON, &body))
}

/// Parses a room ID that is safe as a path segment.
pub(in crate::routes) fn room_id<'a>(field: &str, text: &'a str) -> Result<RoomId<'a>, Problem> {
    parse_room_id(text).map_err(|error| Problem::field(field, error))
}

/// Parses a room ID. Rejects `.` and `..`, because they would change the path of the request to VideoSDK.
fn parse_room_id(text: &str) -> Result<RoomId<'_>, String> {
    let room = RoomId::parse(text).map_err(|error| error.to_string())?;
    if matches!(text, "." | "..") { Err("must not be `.` or `..`".to_owned()) } else { Ok(room) }
}

/// Authorizes a call, and signs the token for the call.
pub(in crate::routes) fn rest_token(
    authorized: &Authorized<'_>,
    project: Option<&str>,
    call: RoomCall,
    room: Option<&str>,
) -> Result<Zeroizing<String>, Problem> {
    let signing = authorized.signing;
    let provider = &signing.providers.videosdk;
    let project = provider.projects.get(project)?;
    let decided =
        decide_call(&signing.policy, |grants| &grants.videosdk, authorized.caller, &project.name, call);
    let (service, name) = (call.audit_name(), Some(project.name.as_str()));
    let call = ProviderCall { service, project: name, channel: room, ban: None };
    authorized.audit_call(call, decided.map(Some))?;
    let token = rest::rest_token(&project.project, provider.rooms_version, authorized.context.now);
    token.ok_or(Problem::NOT_READY)
}
