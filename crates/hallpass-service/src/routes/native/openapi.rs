//! `GET /openapi.json`: what the routes take and answer, for programs.

use std::sync::LazyLock;

use http::StatusCode;
use miniz_oxide::inflate::decompress_to_vec;

use crate::web::request::Request;
use crate::web::response::{self, JSON, Response};

/// The document without the whitespace between its parts, as a DEFLATE stream (RFC 1951): an eighth of the size.
const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.deflate"));

pub(in crate::routes) fn respond(_: &Request) -> Response {
    // Decompressed once, because anyone may ask for it at any rate. The build script wrote a valid stream.
    static DOCUMENT: LazyLock<Vec<u8>> = LazyLock::new(|| decompress_to_vec(COMPRESSED).unwrap_or_default());
    response::body(StatusCode::OK, JSON, DOCUMENT.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{route, table};
    use serde_json::{Map, Value};
    use std::collections::BTreeSet;

    /// The readable document.
    const SOURCE: &[u8] = include_bytes!("../../../openapi.json");

    fn document() -> Value {
        serde_json::from_slice(SOURCE).unwrap()
    }

    fn members<'a>(value: &'a Value, pointer: &str) -> &'a Map<String, Value> {
        value.pointer(pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("no object at {pointer}"))
    }

    /// Calls `visit` for the value and all that is in it.
    fn walk<'a>(value: &'a Value, visit: &mut impl FnMut(&'a Map<String, Value>)) {
        match value {
            Value::Object(object) => {
                visit(object);
                object.values().for_each(|value| walk(value, visit));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, visit)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn the_served_document_is_the_readable_one_without_blanks() {
        let served = decompress_to_vec(COMPRESSED).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&served).unwrap(), document());
        let count = |text: &[u8]| text.iter().filter(|byte| byte.is_ascii_whitespace()).count();
        assert!(count(&served) < count(SOURCE) && !served.contains(&b'\n'));
    }

    /// HEAD goes with GET, and is not described.
    #[test]
    fn its_paths_and_methods_are_those_of_the_table() {
        let document = document();
        let mut described = BTreeSet::new();
        for (path, operations) in members(&document, "/paths") {
            let methods = operations.as_object().unwrap().keys().filter(|name| *name != "parameters");
            described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let routed: BTreeSet<_> = table::ROUTES
            .iter()
            .flat_map(|route| route.methods.split(", ").map(move |method| (method, route.path)))
            .filter(|(method, _)| *method != "HEAD")
            .map(|(method, path)| format!("{method} {path}"))
            .collect();
        assert_eq!(described, routed);
    }

    #[test]
    fn every_part_of_a_path_is_described() {
        let document = document();
        for (path, operations) in members(&document, "/paths") {
            let named: BTreeSet<_> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            let mut parameters = Vec::new();
            walk(operations, &mut |object| {
                let object = match object.get("$ref").and_then(Value::as_str) {
                    Some(reference) => members(&document, &reference[1..]),
                    None => object,
                };
                if object.get("in").is_some_and(|place| place == "path") {
                    parameters.push(object.get("name").and_then(Value::as_str).unwrap());
                }
            });
            assert_eq!(parameters.into_iter().collect::<BTreeSet<_>>(), named, "{path}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere_every_component_is_used_and_every_id_is_unique() {
        let document = document();
        let (mut used, mut ids) = (BTreeSet::new(), BTreeSet::new());
        walk(&document, &mut |object| {
            if let Some(id) = object.get("operationId").and_then(Value::as_str) {
                assert!(ids.insert(id), "{id}");
            }
            if let Some(Value::String(reference)) = object.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
                used.insert(pointer.to_owned());
            }
        });
        for (kind, components) in members(&document, "/components") {
            for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                assert!(used.contains(&format!("/components/{kind}/{name}")), "{kind} {name}");
            }
        }
    }

    /// Credentials are needed but where a deployment is open, and on no route for anyone.
    #[test]
    fn what_needs_a_caller_says_so() {
        let document = document();
        let usual = document.pointer("/security").unwrap();
        assert_eq!(*usual, serde_json::json!([{ "bearer": [] }, {}]));
        assert!(document.pointer("/components/securitySchemes/bearer").is_some());
        for route in table::ROUTES {
            let is_for_anyone = !matches!(route.handler, route::Handler::Caller(_));
            for method in route.methods.split(", ").filter(|method| *method != "HEAD") {
                let operation = &document["paths"][route.path][method.to_lowercase()];
                let needs_nobody = operation.get("security") == Some(&Value::Array(Vec::new()));
                assert_eq!(needs_nobody, is_for_anyone, "{method} {}", route.path);
                for status in ["401", "429"] {
                    let is_told = operation["responses"].get(status).is_some();
                    assert_eq!(is_told, !is_for_anyone, "{status} of {method} {}", route.path);
                }
            }
        }
    }

    #[test]
    fn every_code_of_a_problem_is_listed() {
        let document = document();
        let codes = document.pointer("/components/schemas/Problem/properties/code/enum").unwrap();
        let listed: BTreeSet<_> =
            codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        let is_code = |text: &&str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let coded: BTreeSet<_> = [
            (include_str!("../../problem.rs"), " fn row("),
            (include_str!("../../auth/error.rs"), " fn code("),
            (include_str!("../../providers/upstream.rs"), " fn code("),
        ]
        .into_iter()
        .flat_map(|(source, function)| {
            let (_, body) = source.split_once(function).unwrap();
            let (body, _) = body.split_once("\n    }\n").unwrap();
            body.split('"').skip(1).step_by(2)
        })
        .filter(is_code)
        .collect();
        assert_eq!(listed, coded);
    }
}
