//! Checks of the module structure: layers without import cycles. The imports are parsed from the source files.

#[path = "layers/graph.rs"]
mod graph;
#[path = "layers/source.rs"]
mod source;

use std::io;

use graph::Crate;

/// The top-level modules of hallpass-service, from bottom to top. A module may import only from lower modules.
const LAYERS: &[&str] = &[
    "web",
    "settings",
    "platform",
    "auth",
    "policy",
    "providers",
    "state",
    "problem",
    "token",
    "routes",
    "check",
    "service",
];
const _: () = assert!(LAYERS.len() <= 12, "hallpass-service has at most twelve top-level modules");
/// The top-level modules that may refer to a specific provider.
const PROVIDER_USERS: [&str; 3] = ["providers", "routes", "check"];

/// Describes each top-level module that is not a layer, and each import of a higher layer.
fn upward_imports(code: &Crate, layers: &[&str]) -> Vec<String> {
    let level =
        |path: &[String]| layers.iter().position(|layer| path.first().is_some_and(|top| top == layer));
    let order = layers.join(", ");
    let mut modules: Vec<_> = code.files.keys().filter_map(|path| path.first()).collect();
    modules.dedup();
    let unknown = modules.into_iter().filter(|module| !layers.contains(&module.as_str()));
    let unknown = unknown.map(|module| format!("`{module}` is not a layer. Move it into one of: {order}"));
    let edges = code.edges();
    let upward =
        edges.iter().filter(|edge| level(edge.from).zip(level(edge.to)).is_some_and(|(from, to)| from < to));
    let upward = upward.map(|edge| {
        format!("{}, which is in a higher layer. Layers from bottom to top: {order}", edge.place)
    });
    unknown.chain(upward).collect()
}

/// Describes each import of a provider by another provider, or by a module that must not depend on a provider.
fn provider_imports(code: &Crate) -> Vec<String> {
    // Each provider is a folder in `providers`.
    let folders =
        code.files.keys().filter(|path| path.len() > 2 && path.first().is_some_and(|top| top == "providers"));
    let names: Vec<_> = folders.filter_map(|path| path.get(1)).collect();
    let provider = |path: &[String]| match path {
        [top, name, ..] if top == "providers" => names.iter().find(|known| **known == name).copied(),
        _ => None,
    };
    let mut found = Vec::new();
    for edge in code.edges() {
        let user = edge.from.first().map_or("", String::as_str);
        let named = provider(edge.path).or_else(|| provider(edge.to));
        if !PROVIDER_USERS.contains(&user) && provider(edge.path).is_some() {
            let users = PROVIDER_USERS.join(", ");
            found.push(format!("{}. Only these modules may name a provider: {users}", edge.place));
        } else if provider(edge.from).is_some() && named.is_some() && named != provider(edge.from) {
            found.push(format!("{}, which is another provider. Share it through `providers`", edge.place));
        }
    }
    found
}

#[test]
fn modules_import_only_lower_layers() -> io::Result<()> {
    assert_none(&upward_imports(&Crate::read("hallpass-service")?, LAYERS));
    Ok(())
}

#[test]
fn files_do_not_import_each_other_in_a_cycle() -> io::Result<()> {
    let mut cycles = Vec::new();
    for name in ["hallpass-token", "hallpass-service", "hallpass-lambda", "hallpass-worker"] {
        cycles.extend(Crate::read(name)?.cycles());
    }
    assert_none(&cycles);
    Ok(())
}

#[test]
fn only_the_routes_and_its_folder_import_a_provider() -> io::Result<()> {
    assert_none(&provider_imports(&Crate::read("hallpass-service")?));
    Ok(())
}

#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

/// Returns a crate with these files.
fn sample(files: &[(&str, &str)]) -> Crate {
    let mut code = Crate::default();
    for (file, text) in files {
        code.add((*file).to_owned(), file, text);
    }
    code
}

#[test]
fn finds_an_upward_import() {
    let code = sample(&[("low.rs", "\nuse crate::high::Item;"), ("high.rs", "use crate::low::Item;")]);
    let expected = "low.rs:2 imports `crate::high::Item`, which is in a higher layer. Layers from bottom to top: low, high";
    assert_eq!(upward_imports(&code, &["low", "high"]), [expected]);
}

#[test]
fn finds_a_module_without_a_layer() {
    let code = sample(&[("lib.rs", "mod other;"), ("other.rs", "")]);
    assert_eq!(upward_imports(&code, &["low"]), ["`other` is not a layer. Move it into one of: low"]);
}

#[test]
fn finds_a_cycle_of_two_files() {
    let code = sample(&[
        ("a.rs", "mod b;\nuse self::b::B;"),
        ("a/b.rs", "use super::A;"),
        ("c.rs", "use crate::a::A;"),
    ]);
    let [cycle] = code.cycles().try_into().unwrap();
    assert!(cycle.starts_with("2 files import each other"), "{cycle}");
    assert!(
        cycle.ends_with("\n  a.rs:2 imports `crate::a::b::B`\n  a/b.rs:1 imports `crate::a::A`"),
        "{cycle}"
    );
}

#[test]
fn resolves_reexports() {
    let files = [
        ("a.rs", "mod b;\npub(crate) use self::b::B;"),
        ("a/b.rs", "use crate::c::C;"),
        ("c.rs", "use crate::a::B;"),
    ];
    let code = sample(&files);
    let targets: Vec<_> = code.edges().iter().map(|edge| edge.to.join("/")).collect();
    assert_eq!(targets, ["c", "a/b"]);
}

#[test]
fn finds_an_import_of_another_provider() {
    let agora = "use crate::providers::videosdk::Room;";
    let code = sample(&[
        ("providers/agora/kick.rs", agora),
        ("providers/videosdk.rs", ""),
        ("providers/videosdk/rooms.rs", ""),
        ("token.rs", agora),
    ]);
    let [kick, token] = provider_imports(&code).try_into().unwrap();
    assert!(
        kick.starts_with("providers/agora/kick.rs:1 imports `crate::providers::videosdk::Room`, which is"),
        "{kick}"
    );
    assert!(token.ends_with("Only these modules may name a provider: providers, routes, check"), "{token}");
}
