//! Agora's REST APIs: the projects of the account, the events of Signaling, and who is banned from a channel.
//! <https://docs.agora.io/en/video-calling/channel-management-api/overview/product-overview>

mod call;
mod credentials;
mod customer;
mod date;
mod exchange;
pub(crate) mod kick;
mod lists;

pub(crate) use self::call::RestCall;
pub(crate) use self::credentials::{Credentials, Form, Signing};
pub(crate) use self::customer::Customer;
pub(crate) use self::lists::{list_projects, projects, take_user_events, user_events};
