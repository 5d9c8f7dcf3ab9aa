//! The service's own routes.

mod agora_calls;
pub(super) mod agora_lists;
pub(super) mod inspect;
pub(super) mod kick;
pub(super) mod openapi;
pub(super) mod pages;
mod problem;
pub(super) mod readiness;
pub(super) mod rest_auth;
pub(super) mod rooms;
pub(super) mod token;

pub(super) use self::problem::DIALECT;
pub(crate) use self::problem::respond_with_problem;
