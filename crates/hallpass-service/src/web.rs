//! HTTP requests and responses, JSON, log lines and CORS. These modules contain no token logic.

pub(crate) mod base64;
pub(crate) mod cors;
pub(crate) mod field_error;
pub(crate) mod headers;
pub(crate) mod json;
pub(crate) mod log;
pub(crate) mod outbound;
pub(crate) mod path;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod strings;
pub(crate) mod url;
