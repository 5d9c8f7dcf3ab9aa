//! Processing of the JavaScript that wasm-bindgen generates for the Worker's module.

use std::collections::BTreeSet;

/// Removes the classes. The worker crate exports classes for streams, R2 and containers. Hallpass does not use these
/// classes, but they would keep their functions in the module.
pub(crate) fn without_classes(javascript: &str) -> String {
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
    javascript.lines().filter(is_kept).flat_map(|line| [line, "\n"]).collect()
}

/// Returns a reachability graph for wasm-metadce. In this graph, only the exports that the JavaScript uses are reachable.
pub(crate) fn reachability_graph(javascript: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let uses = javascript.split("wasm.").skip(1);
    let names: BTreeSet<_> = uses.filter_map(|rest| rest.split(|c| !is_name(c)).next()).collect();
    let reaches: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let nodes: String =
        names.iter().map(|name| format!(",{{\"name\":\"{name}\",\"export\":\"{name}\"}}")).collect();
    format!("[{{\"name\":\"javascript\",\"root\":true,\"reaches\":[{}]}}{nodes}]", reaches.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JAVASCRIPT: &str = "\
export class R2Range {
    free() {
        wasm.__wbg_r2range_free(ptr, 0);
    }
}
if (Symbol.dispose) R2Range.prototype[Symbol.dispose] = R2Range.prototype.free;

export function handle() {
    wasm.handle();
}
const R2RangeFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(({ ptr, instance }) => {
    if (instance === __wbg_instance_id) wasm.__wbg_r2range_free(ptr, 1);
});
wasm.__wbindgen_start();
";

    #[test]
    fn removes_classes() {
        let expected = "\nexport function handle() {\n    wasm.handle();\n}\nwasm.__wbindgen_start();\n";
        assert_eq!(without_classes(JAVASCRIPT), expected);
    }

    #[test]
    fn the_graph_contains_only_named_exports() {
        let expected = r#"[{"name":"javascript","root":true,"reaches":["__wbindgen_start","handle"]},{"name":"__wbindgen_start","export":"__wbindgen_start"},{"name":"handle","export":"handle"}]"#;
        assert_eq!(reachability_graph(&without_classes(JAVASCRIPT)), expected);
    }
}
