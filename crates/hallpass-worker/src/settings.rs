//! Settings and secrets out of the Worker's bindings.

use wasm_bindgen::JsValue;
use worker::Env;
use zeroize::Zeroizing;

/// A variable: a text, or a table of wrangler.toml as JSON.
pub(crate) fn setting(env: &Env, name: &str) -> Option<String> {
    let value = binding(env, name)?;
    match value.as_string() {
        Some(text) => Some(text),
        None if value.is_object() => js_sys::JSON::stringify(&value).ok()?.as_string(),
        None => None,
    }
}

/// A secret of `wrangler secret put`.
pub(crate) fn secret(env: &Env, name: &str) -> Option<Zeroizing<String>> {
    binding(env, name)?.as_string().map(Zeroizing::new)
}

fn binding(env: &Env, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(env.as_ref(), &JsValue::from_str(name)).ok()
}
