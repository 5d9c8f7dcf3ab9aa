//! `fpa`, `convoai` and `stt`: services without request fields.

use hallpass_token::agora::Service;
use hallpass_token::{PrivilegeTtl, Ttl};

use super::service::{Context, Grant, ServiceType, TokenService};
use crate::policy::TokenError;
use crate::web::json::{Invalid, Json};

pub(super) const FPA: ServiceType = ServiceType {
    name: "fpa",
    read: |section| Ok(Box::new(FieldlessService::read(FieldlessService::Fpa, section)?)),
    grant_fields: &["ttl"],
    is_for_users: false,
    any_user: None,
};
pub(super) const CONVO_AI: ServiceType = ServiceType {
    name: "convoai",
    read: |section| Ok(Box::new(FieldlessService::read(FieldlessService::ConvoAi, section)?)),
    ..FPA
};
pub(super) const STT: ServiceType = ServiceType {
    name: "stt",
    read: |section| Ok(Box::new(FieldlessService::read(FieldlessService::Stt, section)?)),
    ..FPA
};

/// A service without request fields in a token request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldlessService {
    Fpa,
    ConvoAi,
    Stt,
}

impl FieldlessService {
    fn read<'j>(self, section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        section.fields(&[])?;
        Ok(self)
    }
}

impl<'a> TokenService<'a> for FieldlessService {
    fn name(&self) -> &'static str {
        match self {
            Self::Fpa => FPA.name,
            Self::ConvoAi => CONVO_AI.name,
            Self::Stt => STT.name,
        }
    }

    fn complete(&mut self, _: &'a Grant, _: &Context<'a>) -> Result<(), TokenError> {
        Ok(())
    }

    fn add_to_007<'s>(&'s self, ttl: Ttl, services: &mut Vec<Service<'s>>) {
        services.push(match self {
            Self::Fpa => Service::fpa(PrivilegeTtl::For(ttl)),
            Self::ConvoAi => Service::convo_ai(),
            Self::Stt => Service::stt(),
        });
    }

    fn to_json(&self, _: Ttl) -> Json<'_> {
        Json::object([])
    }
}
