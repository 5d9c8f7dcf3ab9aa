//! The state of a deployment: the configuration, the loaded secrets, and the cache of the loaded state.

mod cache;
mod config;
mod loaded;

pub(crate) use self::cache::{Cache, CacheAction};
pub(crate) use self::config::Config;
pub(crate) use self::loaded::{AuthState, LoadedState, Signing};
