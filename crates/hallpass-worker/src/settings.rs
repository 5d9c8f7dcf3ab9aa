//! Settings and secrets from the Worker's bindings.

use wasm_bindgen::JsValue;
use worker::Env;
use worker::js_sys::{JSON, Reflect};
use zeroize::Zeroizing;

/// Returns the value of the variable with this name. If the variable is a table in `wrangler.toml`, the value is JSON.
pub(crate) fn setting(env: &Env, name: &str) -> Option<String> {
    let value = binding(env, name)?;
    match value.as_string() {
        Some(string) => Some(string),
        None if value.is_object() => JSON::stringify(&value).ok()?.as_string(),
        None => None,
    }
}

/// The binding of a secret.
pub(crate) enum Secret {
    /// The value of a secret that was set with `wrangler secret put`.
    Value(Zeroizing<String>),
    /// A binding to a secret in the Secrets Store.
    InStore,
}

/// Returns the binding of the secret with this name, or `None` if the Worker has no such binding.
pub(crate) fn secret(env: &Env, name: &str) -> Option<Secret> {
    let value = binding(env, name)?;
    match value.as_string() {
        Some(string) => Some(Secret::Value(Zeroizing::new(string))),
        None => value.is_object().then_some(Secret::InStore),
    }
}

fn binding(env: &Env, name: &str) -> Option<JsValue> {
    Reflect::get(env.as_ref(), &JsValue::from_str(name)).ok()
}
