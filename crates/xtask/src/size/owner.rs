//! Assignment of functions to crates and modules, by the functions' names.

/// The owner of functions without a path, such as `memcpy` and the shims of wasm-bindgen.
const UNKNOWN: &str = "(no path)";

/// The module of functions in the root of a crate.
const ROOT: &str = "(root)";

/// A crate and one of its top-level modules.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owner<'a> {
    pub(super) krate: &'a str,
    pub(super) module: &'a str,
}

/// Returns the owner of the function with this name. The owner is the owner of the outermost path. For example, `core`
/// owns `core::ptr::drop_in_place<hallpass_token::Key>`. If the type has no path, the owner is the trait's crate, as in
/// `<T as core::fmt::Debug>::fmt`.
pub(super) fn of(name: &str) -> Owner<'_> {
    let path = outermost(name);
    let mut segments = path.split("::").filter(|segment| !segment.is_empty());
    let krate = segments.next().filter(|_| path.contains("::"));
    let Some(krate) = krate else {
        // Methods of primitive types belong to core.
        let krate = if name.starts_with('<') { "core" } else { UNKNOWN };
        return Owner { krate, module: ROOT };
    };
    let second =
        segments.next().filter(|segment| segment.starts_with(|first: char| first.is_ascii_lowercase()));
    let has_more = segments.next().is_some_and(|segment| !segment.starts_with('{'));
    Owner { krate, module: second.filter(|_| has_more || name.starts_with('<')).unwrap_or(ROOT) }
}

/// Returns the path of a function, or of the type or trait that the function belongs to.
fn outermost(name: &str) -> &str {
    let path = first_path(name);
    if path.contains("::") {
        return path;
    }
    name.split_once(" as ").map_or(path, |(_, trait_name)| first_path(trait_name))
}

/// Returns the path at the start, without the surrounding punctuation and keywords.
fn first_path(name: &str) -> &str {
    let mut rest = name;
    while let Some(inner) = ["<", "&", "mut ", "dyn ", "*const ", "[", "("]
        .into_iter()
        .find_map(|prefix| rest.strip_prefix(prefix))
    {
        rest = inner;
    }
    rest.split(['<', '>', '(', ')', '[', ']', ',', ';', ' ']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_path_determines_the_owner() {
        for (name, krate, module) in [
            ("hallpass_service::routes::compat::gin::rte::{{closure}}", "hallpass_service", "routes"),
            (
                "<hallpass_service::policy::rule::Rule as core::fmt::Display>::fmt",
                "hallpass_service",
                "policy",
            ),
            (
                "hallpass_service::web::json::<impl hallpass_service::web::json::Json>::named",
                "hallpass_service",
                "web",
            ),
            ("hallpass_worker::handle::{{closure}}", "hallpass_worker", "(root)"),
            ("hallpass_worker::handle", "hallpass_worker", "(root)"),
            ("hallpass_token::Key::new", "hallpass_token", "(root)"),
            ("core::ptr::drop_in_place<hallpass_token::Key>", "core", "ptr"),
            ("<alloc::vec::Vec<T,A> as core::ops::drop::Drop>::drop", "alloc", "vec"),
            ("<&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::f", "serde_json", "de"),
            ("<[T] as core::fmt::Debug>::fmt", "core", "fmt"),
            ("<char>::is_whitespace", "core", "(root)"),
            ("handle externref shim", "(no path)", "(root)"),
            ("", "(no path)", "(root)"),
        ] {
            assert_eq!(of(name), Owner { krate, module }, "{name}");
        }
    }
}
