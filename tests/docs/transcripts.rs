//! Checks the transcripts in the documentation: sends each `curl` command's request to a service in memory, and
//! compares the response with the next block.
//!
//! The service has the settings of `cargo xtask dev`. For a command with `$KEY`, the service accepts this service key
//! and calls simulated providers. In an output, `…` represents the rest of a string, further fields of an object, or
//! further elements of an array. Values that depend on time or random bytes are compared only by kind.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, bail, ensure};
use hallpass_tests::provider::{Agora, Provider, Videosdk, agora};
use hallpass_tests::root;
use hallpass_tests::target::{Memory, Request, Target as _};
use serde_json::{Value, json};

use super::page::{Block, Element, Page, pages};

/// The fields whose values differ from request to request.
const VARYING: &[&str] = &["token", "issued_at", "expires_at", "request_id", "rule_id"];
const MORE: &str = "…";
const SERVER: &str = "http://localhost:8787";
/// The documented address of a deployment that accepts [`KEY`].
const DEPLOYMENT: &str = "https://tokens.example.com";
/// The placeholder for [`KEY`] in a command.
const KEY_NAME: &str = "$KEY";
const KEY: &str = "hp_test_7Yc2Lw9Tq4Xn1Bv6Rf8Kd3Zs5Gj0Hm";

struct Transcript {
    place: String,
    has_key: bool,
    request: Request,
    output: Block,
}

/// A page that a developer serves from the same machine must be able to call `cargo xtask dev`.
#[test]
fn development_settings_allow_local_pages() -> anyhow::Result<()> {
    let mut service = Memory::with_settings(lookup(settings()?));
    for (origin, is_allowed) in [
        ("http://localhost", true),
        ("http://localhost:5173", true),
        ("http://127.0.0.1:8080", true),
        ("http://app.example.com:5173", false),
        ("https://localhost.example.com", false),
    ] {
        let headers = vec![("origin".to_owned(), origin.to_owned())];
        let response = service.send(&Request { headers, ..Request::get("/rtm/alice") })?;
        ensure!(response.status() == 200, "{origin}: {}", response.status());
        let allowed = response.headers().get("access-control-allow-origin");
        ensure!(allowed.is_some_and(|allowed| allowed == origin) == is_allowed, "{origin}: {allowed:?}");
    }
    Ok(())
}

#[test]
fn transcripts_are_current() -> anyhow::Result<()> {
    let (agora, videosdk) = providers()?;
    let with_key = settings_with_key(&agora.url(), &videosdk.url())?;
    let mut services = [Memory::with_settings(lookup(settings()?)), Memory::with_settings(lookup(with_key))];
    let mut mismatches = Vec::new();
    for Transcript { place, has_key, request, output } in &transcripts()? {
        let [open, with_key] = &mut services;
        let service = if *has_key { with_key } else { open };
        let response = service.send(request).with_context(|| place.clone())?;
        let got = String::from_utf8(response.into_body())?;
        let found = match output.language.as_str() {
            "json" => match serde_json::from_str(&got) {
                Ok(got) => compare(&serde_json::from_str(&output.text).context(place.clone())?, &got, ""),
                Err(error) => vec![format!("the response is not JSON: {error}")],
            },
            _ if matches(&output.text, &got) => Vec::new(),
            _ => vec![format!("expected {:?}", output.text)],
        };
        if !found.is_empty() {
            mismatches.push(format!("{place}\n{}\ngot {got}", found.join("\n")));
        }
    }
    ensure!(mismatches.is_empty(), "{}", mismatches.join("\n\n"));
    Ok(())
}

#[test]
fn each_route_has_a_transcript() -> anyhow::Result<()> {
    let listed = routes()?;
    let shown = transcripts()?.into_iter().map(|transcript| transcript.request);
    let shown = shown.map(|request| {
        let path = request.target.split('?').next().unwrap_or_default();
        format!("{} {path}", request.method)
    });
    // Routes of other servers are excluded, because docs/compatibility.md lists these routes.
    let shown: BTreeSet<_> = shown
        .filter_map(|route| match listed.iter().find(|listed| is_route(&route, listed)) {
            None => route.contains(" /v1/").then_some(route),
            listed => listed.cloned(),
        })
        .collect();
    ensure!(!listed.is_empty(), "docs/api.md lists no routes");
    ensure!(shown == listed, "transcripts of {shown:#?}, but docs/api.md lists {listed:#?}");
    Ok(())
}

fn transcripts() -> anyhow::Result<Vec<Transcript>> {
    let mut transcripts = Vec::new();
    for page in pages()?.iter().filter(|page| page.is_guide()) {
        transcripts.extend(transcripts_of(page)?);
    }
    ensure!(transcripts.len() > 40, "only {} transcripts were found", transcripts.len());
    Ok(transcripts)
}

fn transcripts_of(page: &Page) -> anyhow::Result<Vec<Transcript>> {
    let mut transcripts = Vec::new();
    let mut elements = page.elements().into_iter();
    while let Some(element) = elements.next() {
        let Element::Block(Block { place, language, text }) = element else { continue };
        if language != "sh" || !is_run(&text) {
            let is_skipped =
                language == "sh" && text.contains("curl") && text.contains(SERVER) && !text.contains("$JWT");
            ensure!(
                !is_skipped,
                "{place}: a command for {SERVER} must be alone in its block, without variables"
            );
            continue;
        }
        let request =
            request(&text.replace("\\\n", " ").replace(KEY_NAME, KEY)).with_context(|| place.clone())?;
        let next =
            elements.find_map(|element| if let Element::Block(block) = element { Some(block) } else { None });
        let output = next.filter(|block| matches!(block.language.as_str(), "json" | "text"));
        let output = output.with_context(|| format!("{place}: no output after the command"))?;
        transcripts.push(Transcript { place, has_key: text.contains(KEY_NAME), request, output });
    }
    Ok(transcripts)
}

/// Returns whether a block is a `curl` command that this test sends to a service.
fn is_run(block: &str) -> bool {
    let has_key = block.contains(KEY_NAME);
    let has_other_variable = block.replace(KEY_NAME, "").contains('$');
    let is_served = block.contains(SERVER) || has_key && block.contains(DEPLOYMENT);
    block.starts_with("curl ") && is_served && !has_other_variable
}

/// Starts simulated providers. Agora has an event, so that the list of events is not empty.
fn providers() -> anyhow::Result<(Provider<Agora>, Provider<Videosdk>)> {
    let (agora, videosdk) = (Provider::start(Agora::default())?, Provider::start(Videosdk::default())?);
    agora.set_clock(Some(Memory::START));
    videosdk.set_clock(Some(Memory::START));
    agora.with(|agora| agora.add_event(agora::APP_ID, "alice", "Login", 1_563_355_200_123));
    Ok((agora, videosdk))
}

/// Returns the settings of `cargo xtask dev` with a configuration that accepts [`KEY`] and calls the simulated
/// providers.
fn settings_with_key(agora_url: &str, videosdk_url: &str) -> anyhow::Result<Vec<(String, String)>> {
    let document = json!({
        "auth": { "keys": [{ "name": "backend", "secret": "HALLPASS_KEY_BACKEND" }] },
        "rest": {
            "agora": { "customer_id": "ID", "customer_secret": "SECRET", "url": agora_url },
            "videosdk": { "url": videosdk_url }
        }
    });
    let mut settings = settings()?;
    settings.retain(|(name, _)| name != "HALLPASS_CONFIG");
    let others = [
        ("HALLPASS_CONFIG", document.to_string().as_str()),
        ("HALLPASS_KEY_BACKEND", KEY),
        ("ID", agora::CUSTOMER_ID),
        ("SECRET", agora::CUSTOMER_SECRET),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    settings.extend(others);
    Ok(settings)
}

fn lookup(settings: Vec<(String, String)>) -> impl Fn(&str) -> Option<String> + Clone + 'static {
    move |name: &str| settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// Returns whether a request is for a listed route. In the listed route, `{…}` represents a path segment.
fn is_route(route: &str, listed: &str) -> bool {
    let (mut parts, mut expected) = (route.split('/'), listed.split('/'));
    loop {
        match (parts.next(), expected.next()) {
            (None, None) => return true,
            (Some(part), Some(expected)) if part == expected || expected.starts_with('{') => {}
            _ => return false,
        }
    }
}

fn settings() -> anyhow::Result<Vec<(String, String)>> {
    let text = fs::read_to_string(root().join("infra/dev.vars"))?;
    let settings = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    Ok(settings.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect())
}

/// Returns the method and the path of each route in the table below the heading "Routes" of docs/api.md.
fn routes() -> anyhow::Result<BTreeSet<String>> {
    let page = fs::read_to_string(root().join("docs/api.md"))?;
    let section = page.split("\n## ").find_map(|section| section.strip_prefix("Routes\n"));
    let rows = section.unwrap_or_default().lines().filter_map(|line| line.strip_prefix("| `"));
    Ok(rows.filter_map(|row| row.split_once('`')).map(|(route, _)| route.to_owned()).collect())
}

/// Returns the request that curl sends for a command.
fn request(command: &str) -> anyhow::Result<Request> {
    let mut request = Request { method: "GET".into(), ..Request::default() };
    let mut words = words(command).into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "curl" | "-s" | "-sS" => {}
            "-X" => request.method = words.next().context("-X without a method")?,
            "-d" => {
                request.method = "POST".into();
                request.body = words.next().context("-d without a body")?.into_bytes();
            }
            "-H" => {
                let header = words.next().context("-H without a header")?;
                let (name, value) = header.split_once(": ").context("a header without a value")?;
                request.headers.push((name.to_lowercase(), value.to_owned()));
            }
            word => match word.strip_prefix(SERVER).or_else(|| word.strip_prefix(DEPLOYMENT)) {
                Some(target) => request.target = target.to_owned(),
                None => bail!("{word} is not supported here"),
            },
        }
    }
    Ok(request)
}

/// Splits a command at whitespace outside of quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in command.chars() {
        match (character, words.last_mut()) {
            ('\'' | '"', _) if quote == Some(character) => quote = None,
            ('\'' | '"', _) if quote.is_none() => quote = Some(character),
            (' ' | '\n', _) if quote.is_none() => words.push(String::new()),
            (_, Some(word)) => word.push(character),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn compare(expected: &Value, got: &Value, path: &str) -> Vec<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            let has_more = expected.contains_key(MORE);
            let strange = got.keys().filter(|key| !has_more && !expected.contains_key(*key));
            let mut mismatches: Vec<_> =
                strange.map(|key| format!("{path}/{key}: not in the documentation")).collect();
            for (key, expected) in expected.iter().filter(|(key, _)| *key != MORE) {
                let path = format!("{path}/{key}");
                match got.get(key) {
                    None => mismatches.push(format!("{path}: only in the documentation")),
                    Some(got) if VARYING.contains(&key.as_str()) => {
                        mismatches.extend((!is_same_kind(expected, got)).then_some(path));
                    }
                    Some(got) => mismatches.extend(compare(expected, got, &path)),
                }
            }
            mismatches
        }
        (Value::Array(expected), Value::Array(got))
            if expected.len() == got.len()
                || expected.last().is_some_and(|last| last == MORE) && expected.len() <= got.len() =>
        {
            let expected = expected.iter().take_while(|expected| *expected != MORE);
            let pairs = expected.zip(got).enumerate();
            pairs.flat_map(|(at, (expected, got))| compare(expected, got, &format!("{path}/{at}"))).collect()
        }
        (Value::String(expected), Value::String(got)) if matches(expected, got) => Vec::new(),
        _ if expected == got => Vec::new(),
        _ => vec![format!("{path}: expected {expected}, got {got}")],
    }
}

/// Returns whether a string matches the documented string. In the documented string, each `…` represents any
/// characters.
fn matches(expected: &str, got: &str) -> bool {
    let Some((start, rest)) = expected.split_once(MORE) else { return expected == got };
    let Some(mut got) = got.strip_prefix(start) else { return false };
    let mut parts = rest.split(MORE).peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return got.ends_with(part);
        }
        let Some((_, after)) = got.split_once(part) else { return false };
        got = after;
    }
    true
}

/// Returns whether two values are of the same kind: two numbers, two tokens of the same format, or two other strings.
fn is_same_kind(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            let format = |text: &str| ["006", "007", "eyJ"].into_iter().find(|start| text.starts_with(start));
            format(one) == format(other)
        }
        (Value::Number(_), Value::Number(_)) => true,
        _ => false,
    }
}
