//! Agora's services: each is one type, from a request through the policy to the token.

mod apaas;
mod channel_user;
mod chat;
mod plain;
mod privileges;
mod rtc;
mod rtm;
mod service;
mod streaming;

pub(crate) use self::apaas::Apaas;
pub(crate) use self::channel_user::{ChannelUser, read_uid};
pub(crate) use self::chat::Chat;
pub(crate) use self::plain::Plain;
pub(crate) use self::rtc::{RequestedRole, Rtc};
pub(crate) use self::rtm::Rtm;
pub(crate) use self::service::TokenService;
pub(super) use self::service::{Context, Grant, ServiceType};

/// All services, in the order in which a response names them.
pub(super) static SERVICES: &[ServiceType] = &[
    rtc::SERVICE,
    rtm::SERVICE,
    chat::SERVICE,
    streaming::STREAMING,
    streaming::FCDN,
    apaas::SERVICE,
    plain::FPA,
    plain::CONVO_AI,
    plain::STT,
];
