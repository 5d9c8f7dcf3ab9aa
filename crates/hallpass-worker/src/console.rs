//! Log output, through the runtime's console.

use hallpass_service::{Level, LogLine};
use wasm_bindgen::prelude::wasm_bindgen;

// The macros of `worker` are not used, because they create a JavaScript string first, which requires another call to
// JavaScript.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    fn info(line: &str);
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    pub(crate) fn warn(line: &str);
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn error(line: &str);
}

/// Writes a log line with the console function for its level.
pub(crate) fn log(line: &LogLine) {
    match line.level() {
        Level::Info => info(line.as_str()),
        Level::Warning => warn(line.as_str()),
        Level::Error => error(line.as_str()),
    }
}
