//! Agora's services. Each service has one type. The type reads the request, applies the policy, and adds the service to
//! the token.

mod apaas;
mod channel_user;
mod chat;
mod fieldless;
mod privileges;
mod rtc;
mod rtm;
mod service;
mod streaming;

pub(crate) use self::apaas::Apaas;
pub(crate) use self::channel_user::{ChannelUser, read_uid};
pub(crate) use self::chat::Chat;
pub(crate) use self::fieldless::FieldlessService;
pub(crate) use self::rtc::{RequestedRole, Rtc};
pub(crate) use self::rtm::Rtm;
pub(crate) use self::service::TokenService;
pub(super) use self::service::{Context, Grant, ServiceType};

/// All services, in the order of their fields in a response.
pub(super) static SERVICES: &[ServiceType] = &[
    rtc::SERVICE,
    rtm::SERVICE,
    chat::SERVICE,
    streaming::STREAMING,
    streaming::FCDN,
    apaas::SERVICE,
    fieldless::FPA,
    fieldless::CONVO_AI,
    fieldless::STT,
];
