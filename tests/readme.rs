//! The transcripts of the README: every `curl` in it is sent to a service with the settings of `cargo xtask dev`, and
//! must be answered as the block below it says. One with `$KEY` is sent to a service that knows this key, and calls
//! providers on this machine. Its configurations: each must make a service that is ready.
//!
//! In a transcript, `…` stands for more words of a text, as the name of a member for more members, and at the end of a list
//! for more of the same. What depends on time or chance is compared by its kind only.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, bail, ensure};
use hallpass_tests::provider::{Agora, Provider, Videosdk, agora};
use hallpass_tests::root;
use hallpass_tests::target::{Memory, Request, Target as _};
use serde_json::{Value, json};

/// Members that differ from request to request.
const VARYING: &[&str] = &["token", "issued_at", "expires_at", "request_id", "rule_id"];
const MORE: &str = "…";
const SERVER: &str = "http://localhost:8787";
/// A deployment that knows [`KEY`].
const DEPLOYMENT: &str = "https://tokens.example.com";
/// How the README writes the service key.
const KEY_NAME: &str = "$KEY";
const KEY: &str = "hp_test_7Yc2Lw9Tq4Xn1Bv6Rf8Kd3Zs5Gj0Hm";

struct Transcript {
    command: String,
    has_key: bool,
    request: Request,
    /// The language of the block, and the block.
    answer: (String, String),
}

#[test]
fn transcripts() -> anyhow::Result<()> {
    let (agora, videosdk) = providers()?;
    let with_key = settings_with_key(&agora.url(), &videosdk.url())?;
    let mut services = [Memory::with_settings(lookup(settings()?)), Memory::with_settings(lookup(with_key))];
    let readme = fs::read_to_string(root().join("README.md"))?;
    let transcripts = read(&readme)?;
    for Transcript { command, has_key, request, answer: (language, answer) } in &transcripts {
        let [open, with_key] = &mut services;
        let service = if *has_key { with_key } else { open };
        let response = service.send(request).with_context(|| command.clone())?;
        let got = String::from_utf8(response.into_body())?;
        let mismatches = match language.as_str() {
            "json" => compare(&serde_json::from_str(answer)?, &serde_json::from_str(&got)?, ""),
            _ if *answer == got => Vec::new(),
            _ => vec![format!("expected {answer:?}")],
        };
        ensure!(mismatches.is_empty(), "{command}\n{}\ngot {got}", mismatches.join("\n"));
    }
    let listed = routes(&readme);
    let shown: BTreeSet<_> = transcripts
        .iter()
        .map(|transcript| format!("{} {}", transcript.request.method, transcript.request.target))
        .map(|route| listed.iter().find(|listed| is_of(&route, listed)).cloned().unwrap_or(route))
        .collect();
    ensure!(shown == listed, "transcripts of {shown:#?}, but the routes are {listed:#?}");
    Ok(())
}

#[test]
fn configurations() -> anyhow::Result<()> {
    for document in documents()? {
        let written = document.clone();
        let mut service = Memory::with_settings(move |name| sample(name, &written));
        let request = Request {
            method: "GET".into(),
            target: "/readyz".into(),
            headers: Vec::new(),
            body: Vec::new(),
            gateway_claims: None,
        };
        let response = service.send(&request)?;
        let is_ready = response.status() == 200;
        ensure!(is_ready, "{document}\n{}", String::from_utf8_lossy(response.body()));
    }
    Ok(())
}

/// The providers, in which there is something to see.
fn providers() -> anyhow::Result<(Provider<Agora>, Provider<Videosdk>)> {
    let (agora, videosdk) = (Provider::start(Agora::default())?, Provider::start(Videosdk::default())?);
    agora.set_clock(Some(Memory::START));
    videosdk.set_clock(Some(Memory::START));
    agora.with(|agora| agora.add_event(agora::APP_ID, "alice", "Login", 1_563_355_200_123));
    Ok((agora, videosdk))
}

/// Those of `cargo xtask dev`, but for callers with a key.
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

/// Whether a route is this one of the list, in which `{…}` stands for a part of a path.
fn is_of(route: &str, listed: &str) -> bool {
    let (mut parts, mut expected) = (route.split('/'), listed.split('/'));
    loop {
        match (parts.next(), expected.next()) {
            (None, None) => return true,
            (Some(part), Some(expected)) if part == expected || expected.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// Each block that is a configuration, and each row of the table of identity providers.
pub(crate) fn documents() -> anyhow::Result<Vec<String>> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let providers = readme.lines().filter_map(|line| {
        let (_, members) = line.split_once("| `\"preset\":")?;
        let (members, _) = members.split_once('`')?;
        Some(format!(r#"{{"auth":{{"jwt":[{{"preset":{members}}}]}}}}"#))
    });
    let providers: Vec<_> = providers.collect();
    let mut documents: Vec<_> =
        json_blocks(&readme).into_iter().filter(|block| is_configuration(block)).collect();
    ensure!(!providers.is_empty() && !documents.is_empty(), "the README has no configuration");
    documents.extend(providers);
    Ok(documents)
}

/// A setting or secret of a deployment with this configuration.
fn sample(name: &str, document: &str) -> Option<String> {
    let value = match name {
        "HALLPASS_CONFIG" => document,
        "AGORA_APP_ID" => "970CA35de60c44645bbae8a215061b33",
        "VIDEOSDK_API_KEY" => return None,
        name if name.contains("CERTIFICATE") => "5CFd2fd1755d40ecb72977518be15d3b",
        _ => "0123456789abcdef0123456789abcdef",
    };
    Some(value.to_owned())
}

fn json_blocks(readme: &str) -> Vec<String> {
    let after = readme.split("\n```json\n").skip(1);
    after.filter_map(|rest| rest.split_once("\n```")).map(|(block, _)| block.to_owned()).collect()
}

/// Whether a block has the members of a configuration, and no others.
fn is_configuration(block: &str) -> bool {
    const MEMBERS: &[&str] = &["$schema", "projects", "rest", "auth", "policy", "ttl", "compat", "cors"];
    let document = serde_json::from_str(block);
    let Ok(Value::Object(document)) = document else { return false };
    // Agora has projects as well, and lists them.
    let is_answer = document.get("projects").is_some_and(Value::is_array);
    !is_answer && document.keys().all(|name| MEMBERS.contains(&name.as_str()))
}

fn settings() -> anyhow::Result<Vec<(String, String)>> {
    let text = fs::read_to_string(root().join("infra/dev.vars"))?;
    let settings = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    Ok(settings.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect())
}

/// Method and path of each route in the table that is headed "Routes".
fn routes(readme: &str) -> BTreeSet<String> {
    let section = readme.split("\n## ").find_map(|section| section.strip_prefix("Routes\n"));
    let rows = section.unwrap_or_default().lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(route, _)| route.to_owned()).collect()
}

fn read(readme: &str) -> anyhow::Result<Vec<Transcript>> {
    let mut transcripts = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("    curl ") else { continue };
        let mut command = command.to_owned();
        while command.matches('\'').count() % 2 == 1 {
            command.push_str(lines.next().context("a quote is never closed")?.trim_start());
        }
        let has_key = command.contains(KEY_NAME);
        if !command.contains(SERVER) && !has_key {
            continue;
        }
        let request = request(&command.replace(KEY_NAME, KEY)).with_context(|| command.clone())?;
        let answer = block(&mut lines).with_context(|| format!("no block after {command}"))?;
        transcripts.push(Transcript { command, has_key, request, answer });
    }
    ensure!(!transcripts.is_empty(), "the README has no transcript");
    Ok(transcripts)
}

/// The block that follows, with nothing but blank lines before it.
fn block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<(String, String)> {
    let language = lines.find(|line| !line.is_empty())?.strip_prefix("```")?;
    let block: Vec<_> = lines.take_while(|line| *line != "```").collect();
    Some((language.to_owned(), block.join("\n")))
}

/// What curl sends for its arguments.
fn request(command: &str) -> anyhow::Result<Request> {
    let mut request = Request { method: "GET".into(), ..Request::default() };
    let mut words = words(command).into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-d" => {
                request.method = "POST".into();
                request.body = words.next().context("-d of nothing")?.into_bytes();
            }
            "-H" => {
                let header = words.next().context("-H of nothing")?;
                let (name, value) = header.split_once(": ").context("a header without a value")?;
                request.headers.push((name.to_lowercase(), value.to_owned()));
            }
            word => match word.strip_prefix(SERVER).or_else(|| word.strip_prefix(DEPLOYMENT)) {
                Some(target) => request.target = target.to_owned(),
                None => bail!("{word} is not known here"),
            },
        }
    }
    Ok(request)
}

/// Divides at blanks outside of quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in command.chars() {
        match (character, words.last_mut()) {
            ('\'' | '"', _) if quote == Some(character) => quote = None,
            ('\'' | '"', _) if quote.is_none() => quote = Some(character),
            (' ', _) if quote.is_none() => words.push(String::new()),
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
                strange.map(|key| format!("{path}/{key}: not in the README")).collect();
            for (key, expected) in expected.iter().filter(|(key, _)| *key != MORE) {
                let path = format!("{path}/{key}");
                match got.get(key) {
                    None => mismatches.push(format!("{path}: only in the README")),
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
        (Value::String(expected), Value::String(got)) if fits(expected, got) => Vec::new(),
        _ if expected == got => Vec::new(),
        _ => vec![format!("{path}: expected {expected}, got {got}")],
    }
}

/// Whether a text is the one in the README, where `…` stands for any words.
fn fits(expected: &str, got: &str) -> bool {
    match expected.split_once(MORE) {
        Some((start, end)) => got.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => expected == got,
    }
}

/// Two tokens of a format begin alike.
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
