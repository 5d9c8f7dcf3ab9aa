//! Settings and secrets out of the Worker's bindings.

use wasm_bindgen::JsValue;
use worker::Env;
use worker::js_sys::{JSON, Reflect};
use zeroize::Zeroizing;

/// A variable: a text, or a table of wrangler.toml as JSON.
pub(crate) fn setting(env: &Env, name: &str) -> Option<String> {
    let value = binding(env, name)?;
    match value.as_string() {
        Some(text) => Some(text),
        None if value.is_object() => JSON::stringify(&value).ok()?.as_string(),
        None => None,
    }
}

/// What a binding of the name of a secret is.
pub(crate) enum Secret {
    /// Of `wrangler secret put`: its value.
    Here(Zeroizing<String>),
    /// Of the Secrets Store: what gives its value.
    InStore,
}

/// The secret of this name; `None` where there is no binding.
pub(crate) fn secret(env: &Env, name: &str) -> Option<Secret> {
    let value = binding(env, name)?;
    match value.as_string() {
        Some(text) => Some(Secret::Here(Zeroizing::new(text))),
        None => value.is_object().then_some(Secret::InStore),
    }
}

fn binding(env: &Env, name: &str) -> Option<JsValue> {
    Reflect::get(env.as_ref(), &JsValue::from_str(name)).ok()
}
