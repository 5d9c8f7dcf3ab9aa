//! `GET /openapi.json`: the OpenAPI document of all routes.

use std::sync::LazyLock;

use http::StatusCode;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use crate::web::request::Request;
use crate::web::response::{self, JSON, Response};

/// The minified document as a zlib stream (RFC 1950). The stream has a ninth of the document's size.
const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.zlib"));

/// The length of the minified document.
const LEN: usize = include!(concat!(env!("OUT_DIR"), "/openapi.json.len"));

/// The flags for a zlib stream and for an output of known length. The inspection of tokens uses the same flags, so that
/// the compiler removes the code for other flags from the Worker.
const FLAGS: u32 =
    inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;

pub(in crate::routes) fn respond(_: &Request) -> Response {
    // The document is decompressed only once, because any caller may request the document at any rate.
    static DOCUMENT: LazyLock<Vec<u8>> = LazyLock::new(document);
    response::body(StatusCode::OK, JSON, DOCUMENT.as_slice())
}

/// Decompresses the document. Decompression cannot fail, because the build script writes a valid stream.
///
/// `decompress_to_vec` of `miniz_oxide` is not used, because its feature would add a table of 1 KB to the Worker.
fn document() -> Vec<u8> {
    let mut document = vec![0; LEN];
    decompress(&mut Box::<DecompressorOxide>::default(), COMPRESSED, &mut document, 0, FLAGS);
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{route, table};
    use serde_json::{Map, Value};
    use std::collections::BTreeSet;

    /// The source document.
    const SOURCE: &[u8] = include_bytes!("../../../openapi.json");

    fn source() -> Value {
        serde_json::from_slice(SOURCE).unwrap()
    }

    fn fields<'a>(value: &'a Value, pointer: &str) -> &'a Map<String, Value> {
        value.pointer(pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("no object at {pointer}"))
    }

    /// Calls `visit` for every object in a value, including the value itself.
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
    fn serves_the_minified_source_document() {
        let served = document();
        assert_eq!(serde_json::from_slice::<Value>(&served).unwrap(), source());
        let count = |text: &[u8]| text.iter().filter(|byte| byte.is_ascii_whitespace()).count();
        assert!(count(&served) < count(SOURCE) && !served.contains(&b'\n'));
    }

    /// The document omits HEAD operations, because `info.description` states which paths support HEAD.
    #[test]
    fn describes_every_route() {
        let document = source();
        let mut described = BTreeSet::new();
        for (path, operations) in fields(&document, "/paths") {
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
    fn describes_every_path_parameter() {
        let document = source();
        for (path, operations) in fields(&document, "/paths") {
            let named: BTreeSet<_> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            let mut parameters = Vec::new();
            walk(operations, &mut |object| {
                let object = match object.get("$ref").and_then(Value::as_str) {
                    Some(reference) => fields(&document, &reference[1..]),
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
    fn has_valid_references_no_unused_components_and_unique_operation_ids() {
        let document = source();
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
        for (kind, components) in fields(&document, "/components") {
            for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                assert!(used.contains(&format!("/components/{kind}/{name}")), "{kind} {name}");
            }
        }
    }

    /// Every route requires credentials, except public routes. In an open deployment, no route requires credentials.
    #[test]
    fn describes_which_routes_require_credentials() {
        let document = source();
        let default = document.pointer("/security").unwrap();
        assert_eq!(*default, serde_json::json!([{ "bearer": [] }, {}]));
        assert!(document.pointer("/components/securitySchemes/bearer").is_some());
        for route in table::ROUTES {
            let is_public = !matches!(route.handler, route::Handler::Caller(_));
            for method in route.methods.split(", ").filter(|method| *method != "HEAD") {
                let operation = &document["paths"][route.path][method.to_lowercase()];
                let has_no_security = operation.get("security") == Some(&Value::Array(Vec::new()));
                assert_eq!(has_no_security, is_public, "{method} {}", route.path);
                for status in ["401", "429"] {
                    let is_described = operation["responses"].get(status).is_some();
                    assert_eq!(is_described, !is_public, "{status} of {method} {}", route.path);
                }
            }
        }
    }

    #[test]
    fn lists_every_problem_code() {
        let document = source();
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
