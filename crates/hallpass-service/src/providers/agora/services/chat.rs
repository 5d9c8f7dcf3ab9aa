//! `chat`: Chat for a user, or for the app.

use hallpass_token::agora::{ChatUser, Service};
use hallpass_token::{PrivilegeTtl, Ttl};

use super::service::{Context, Grant, ServiceType, TokenService};
use crate::policy::{DeniedPart, PolicyError, TokenError};
use crate::web::json::{Invalid, Json};

pub(super) const SERVICE: ServiceType = ServiceType {
    name: "chat",
    read: |section| Ok(Box::new(Chat::read(section)?)),
    grant_fields: &["identity", "app", "ttl"],
    is_for_users: true,
    any_user: None,
};

/// A Chat service in a token request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Chat<'a> {
    User(Option<ChatUser<'a>>),
    /// The app, with administrator rights.
    App,
}

impl<'a> Chat<'a> {
    fn read(section: &'a Json<'a>) -> Result<Self, Invalid<'a>> {
        let fields = section.fields(&["user", "app"])?;
        let app = fields.get("app");
        let is_app = app.map(Json::boolean).transpose()?.unwrap_or_default();
        match (fields.optional("user"), app.filter(|_| is_app)) {
            (Some(_), Some(app)) => {
                Err(Invalid::rule(app, "cannot be combined with `chat.user`. Specify one of them"))
            }
            (None, Some(_)) => Ok(Self::App),
            (user, None) => Ok(Self::User(user.map(|value| value.parsed(ChatUser::parse)).transpose()?)),
        }
    }
}

impl<'a> TokenService<'a> for Chat<'a> {
    fn name(&self) -> &'static str {
        SERVICE.name
    }

    fn audit_name(&self) -> &'static str {
        match self {
            Self::User(_) => SERVICE.name,
            Self::App => "chat.app",
        }
    }

    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError> {
        match self {
            Self::User(user) => {
                let (as_str, parse) = (ChatUser::as_str, ChatUser::parse);
                let named =
                    context.evaluator.resolve_user(&grant.identity, "chat.user", *user, as_str, parse)?;
                *user = Some(named);
                Ok(())
            }
            Self::App if grant.app => Ok(()),
            Self::App => {
                let reason = "A Chat app token has administrator rights. Request a user token, or add `\"app\": true` to the rule's `chat` grant.";
                Err(PolicyError::new(DeniedPart::Privileged, "chat.app", reason).into())
            }
        }
    }

    fn add_to_007<'s>(&'s self, ttl: Ttl, services: &mut Vec<Service<'s>>) {
        match self {
            Self::User(user) => {
                services.extend(user.map(|user| Service::chat_user(user, PrivilegeTtl::For(ttl))))
            }
            Self::App => services.push(Service::chat_app(PrivilegeTtl::For(ttl))),
        }
    }

    fn to_json(&self, _: Ttl) -> Json<'_> {
        match self {
            Self::User(user) => Json::object([("user", user.map(ChatUser::as_str).into())]),
            Self::App => Json::object([("app", true.into())]),
        }
    }
}
