//! The JavaScript that wasm-bindgen writes around the Worker's module.

use std::collections::BTreeSet;

/// Removes the classes. The worker crate exports some for streams, R2 and containers, which Hallpass does not use, and each
/// keeps functions of the module.
pub(crate) fn without_classes(glue: &str) -> String {
    let mut end_of_block = None;
    let is_kept = |line: &&str| {
        if let Some(end) = end_of_block {
            if *line == end {
                end_of_block = None;
            }
            return false;
        }
        end_of_block = if line.starts_with("class ") || line.starts_with("export class ") {
            Some("}")
        } else if line.starts_with("const ") && line.contains("Finalization = ") {
            Some("});")
        } else {
            None
        };
        end_of_block.is_none() && !line.starts_with("if (Symbol.dispose) ")
    };
    glue.lines().filter(is_kept).flat_map(|line| [line, "\n"]).collect()
}

/// Returns a graph for wasm-metadce in which exactly those exports are used that the JavaScript names.
pub(crate) fn graph(glue: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let after = glue.split("wasm.").skip(1);
    let names: BTreeSet<_> = after.filter_map(|rest| rest.split(|c| !is_name(c)).next()).collect();
    let reaches: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let nodes: String =
        names.iter().map(|name| format!(",{{\"name\":\"{name}\",\"export\":\"{name}\"}}")).collect();
    format!("[{{\"name\":\"glue\",\"root\":true,\"reaches\":[{}]}}{nodes}]", reaches.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "\
export class R2Range {
    free() {
        wasm.__wbg_r2range_free(ptr, 0);
    }
}
if (Symbol.dispose) R2Range.prototype[Symbol.dispose] = R2Range.prototype.free;

export function answer() {
    wasm.answer();
}
const R2RangeFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(({ ptr, instance }) => {
    if (instance === __wbg_instance_id) wasm.__wbg_r2range_free(ptr, 1);
});
wasm.__wbindgen_start();
";

    #[test]
    fn classes_are_removed() {
        let expected = "\nexport function answer() {\n    wasm.answer();\n}\nwasm.__wbindgen_start();\n";
        assert_eq!(without_classes(GLUE), expected);
    }

    #[test]
    fn only_named_exports_are_used() {
        let expected = r#"[{"name":"glue","root":true,"reaches":["__wbindgen_start","answer"]},{"name":"__wbindgen_start","export":"__wbindgen_start"},{"name":"answer","export":"answer"}]"#;
        assert_eq!(graph(&without_classes(GLUE)), expected);
    }
}
