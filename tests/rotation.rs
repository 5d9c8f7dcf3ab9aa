//! Follows the steps of the runbooks in docs/runbooks in order, while a service continuously receives requests. Bash
//! and the AWS CLI run the commands. A simulated clock replaces the waiting times.
//!
//! Console actions of a step are applied to a model of Agora before the commands of the step. Waiting times follow the
//! commands. Commands for a Worker are not run, because `secrets_store.rs` tests the same rotation on the Worker.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail, ensure};
use hallpass_lambda::SecretsManager;
use hallpass_tests::fork_server;
use hallpass_tests::logs::{events, leaks};
use hallpass_tests::moto::Moto;
use hallpass_tests::process::path_from;
use hallpass_tests::provider::{Agora, Provider, agora};
use hallpass_tests::signer::{NEXT, OLD, signer, signer_of};
use hallpass_tests::target::{Memory, Request, Target as _};
use hallpass_tests::{TimeLimits, root};
use serde_json::{Value, json};

use crate::scratch;

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
const SECRET_ID: &str = "hallpass";
const FIRST: &str = "AGORA_APP_CERTIFICATE";
const SECOND: &str = "AGORA_APP_CERTIFICATE_NEXT";
const THREADS: usize = 4;
const TEN_MINUTES: u32 = 600;
/// The maximum step, in seconds, by which the clock advances while requests are sent.
const STEP_SECONDS: u32 = 60;
/// The TTL of every token, in seconds.
const TTL_MAX: u32 = 2 * 3600;
/// Commands that contain one of these strings need a cloud account or a deployed service.
const REMOTE_MARKERS: [&str; 7] =
    ["$STACK", "$FUNCTION", "$LOG_GROUP", "$URL", "npx wrangler", "https://", "call /"];

/// A section of a runbook.
struct Section {
    steps: Vec<String>,
}

/// An operator who follows a runbook: the working folder and the environment of the commands.
struct Operator {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// Continuous requests from [`THREADS`] threads to a service.
struct Load {
    /// The certificates whose tokens Agora accepts.
    accepted: RwLock<Vec<&'static str>>,
    tally: Mutex<Tally>,
    /// The number of responses to each thread.
    response_counts: [AtomicUsize; THREADS],
    is_over: AtomicBool,
    clock: Memory<SecretsManager>,
}

#[derive(Default)]
struct Tally {
    /// For each certificate, the number of signed tokens, and the Unix time at which the last of these tokens expires.
    signed: BTreeMap<&'static str, (usize, u64)>,
    changes: usize,
}

impl Section {
    /// Reads the section with this heading from a page.
    fn read(page: &str, heading: &str) -> anyhow::Result<Self> {
        let text = runbook(page)?;
        let (_, rest) = text.split_once(&format!("\n## {heading}\n")).context("no such section")?;
        let mut steps = Vec::<String>::new();
        for line in rest.split("\n## ").next().unwrap_or_default().lines() {
            if line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok()) {
                steps.push(String::new());
            }
            let is_of_step =
                line.is_empty() || line.starts_with(|first: char| first == ' ' || first.is_ascii_digit());
            match steps.last_mut() {
                Some(_) if !is_of_step => break,
                Some(step) => *step += &format!("{line}\n"),
                None => {}
            }
        }
        Ok(Self { steps })
    }

    /// Returns the commands of all steps, except commands that cannot be run on this machine.
    fn commands(&self) -> Vec<String> {
        self.steps.iter().flat_map(|step| runnable(blocks(step)).0).collect()
    }
}

/// Returns the command blocks of a text, in order.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_start);
    while lines.any(|line| line == "```sh") {
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

/// The folder of the runbooks.
const RUNBOOKS: &str = "docs/runbooks";

fn runbook(page: &str) -> anyhow::Result<String> {
    Ok(fs::read_to_string(root().join(RUNBOOKS).join(page))?)
}

/// Returns the text of every runbook, by file name.
fn runbooks() -> anyhow::Result<BTreeMap<String, String>> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(root().join(RUNBOOKS))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let text = runbook(&name)?;
        pages.insert(name, text);
    }
    Ok(pages)
}

/// Divides command blocks into blocks that can be run on this machine, and all other blocks.
fn runnable(blocks: Vec<String>) -> (Vec<String>, Vec<String>) {
    blocks.into_iter().partition(|block| !REMOTE_MARKERS.iter().any(|name| block.contains(name)))
}

impl Operator {
    /// Returns an operator with the AWS CLI, the scripts of `infra`, and access to the secret.
    fn new(moto: &Moto, folder: &Path) -> anyhow::Result<Self> {
        let python = path_from("HALLPASS_PYTHON")?;
        let programs = python.parent().context("HALLPASS_PYTHON has no folder")?.to_owned();
        ensure!(programs.join("aws").exists(), "the AWS CLI is not in the folder of python");
        // The programs in this folder run the same AWS CLI without its start-up time.
        let faster = root().join("tests/interop/bin");
        let others = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths([faster, programs].into_iter().chain(std::env::split_paths(&others)))?;
        let text = |path: &std::ffi::OsStr| path.to_string_lossy().into_owned();
        symlink(root().join("infra"), folder.join("infra"))?;
        let mut environment = moto.settings(SECRET_ID);
        environment.extend(
            [
                ("SECRET_ID", SECRET_ID.to_owned()),
                ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
                ("HOME", text(folder.as_os_str())),
                ("PATH", text(&path)),
                ("HALLPASS_PYTHON", text(python.as_os_str())),
                ("HALLPASS_FORK_SERVER", text(fork_server::socket()?.as_os_str())),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        Ok(Self { folder: folder.to_owned(), environment })
    }

    /// Runs commands with this standard input. Returns the output of the commands.
    fn run(&self, commands: &str, input: &str) -> anyhow::Result<String> {
        let (is_done, output) = self.attempt(commands, input.as_bytes())?;
        ensure!(is_done, "{commands}\n{output}");
        ensure!(!output.contains(OLD) && !output.contains(NEXT), "a value is shown by {commands}");
        Ok(output)
    }

    /// Runs commands with this standard input. Returns whether the commands succeeded, and their output.
    fn attempt(&self, commands: &str, input: &[u8]) -> anyhow::Result<(bool, String)> {
        let mut shell = Command::new("bash")
            .args(["-euc", commands])
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // The error is ignored, because a command that reads a file does not read its standard input.
        let _ = shell.stdin.take().context("bash has no input")?.write_all(input);
        let finished = shell.wait_with_output()?;
        let output =
            [finished.stdout, finished.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok((finished.status.success(), output.concat()))
    }
}

/// Returns a service that reads its secrets from moto, and whose configuration contains these names of certificates.
fn service(moto: &Moto, names: &[&str]) -> anyhow::Result<Memory<SecretsManager>> {
    let document = json!({
        "projects": { "default": { "provider": "agora", "app_id": APP_ID, "certificates": names } },
        "auth": { "open": true },
        "ttl": { "max": TTL_MAX },
    });
    Ok(Memory::with_store(|name| (name == "HALLPASS_CONFIG").then(|| document.to_string()), store(moto)?))
}

fn store(moto: &Moto) -> anyhow::Result<SecretsManager> {
    let settings = moto.settings(SECRET_ID);
    let setting =
        |name: &str| settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    Ok(SecretsManager::from_settings(setting, TimeLimits::Extended.factor()).context("no store")??)
}

/// Returns a token with the maximum TTL, and the Unix time at which the token expires.
fn mint(service: &mut Memory<SecretsManager>) -> anyhow::Result<(String, u64)> {
    let body = json!({ "rtc": { "channel": "demo", "uid": 1 }, "ttl": TTL_MAX });
    let (status, body) = service.send_for_json(&Request::post("/v1/token", &body, None))?;
    ensure!(status == 200, "{status} {body}");
    let token = body.get("token").and_then(Value::as_str).context("no token")?;
    Ok((token.to_owned(), body.get("expires_at").and_then(Value::as_u64).context("no end")?))
}

/// Returns the position of the certificate that signed a token among the configured certificates.
fn certificate_of(service: &mut Memory<SecretsManager>, token: &str) -> anyhow::Result<Option<u64>> {
    let (status, body) =
        service.send_for_json(&Request::post("/v1/inspect", &json!({ "token": token }), None))?;
    ensure!(status == 200, "{status} {body}");
    Ok(body.pointer("/signature/certificate").and_then(Value::as_u64))
}

impl Load {
    fn new(clock: Memory<SecretsManager>) -> Self {
        Self {
            accepted: RwLock::new(vec![OLD]),
            tally: Mutex::default(),
            response_counts: Default::default(),
            is_over: AtomicBool::new(false),
            clock,
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of tokens that this certificate signed.
    fn signed_by(&self, certificate: &str) -> usize {
        self.tally().signed.get(certificate).map_or(0, |(count, _)| *count)
    }

    /// Runs `work` while each of these services receives requests.
    fn during(
        &self,
        services: Vec<Memory<SecretsManager>>,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        thread::scope(|scope| {
            let senders: Vec<_> = (self.response_counts.iter().zip(services))
                .map(|(response_counts, service)| scope.spawn(|| self.send(response_counts, service)))
                .collect();
            let done = work();
            self.is_over.store(true, Ordering::Relaxed);
            for sender in senders {
                sender.join().ok().context("a sender failed")??;
            }
            done
        })
    }

    /// Sends requests until the load is over. Each response must have a token that Agora accepts.
    fn send(&self, response_counts: &AtomicUsize, mut service: Memory<SecretsManager>) -> anyhow::Result<()> {
        const BATCH: usize = 100;
        /// The pause between requests, because the operator's commands also need the processor.
        const BETWEEN: Duration = Duration::from_millis(2);
        let mut work = || {
            while !self.is_over.load(Ordering::Relaxed) {
                for _ in 0..BATCH {
                    self.send_one(&mut service)?;
                    response_counts.fetch_add(1, Ordering::Release);
                    thread::sleep(BETWEEN);
                }
                self.read(&service.take_log())?;
            }
            self.read(&service.take_log())
        };
        let done = work();
        self.is_over.store(true, Ordering::Relaxed);
        done
    }

    fn send_one(&self, service: &mut Memory<SecretsManager>) -> anyhow::Result<()> {
        let accepted = self.accepted.read().unwrap_or_else(PoisonError::into_inner);
        let (token, end) = mint(service)?;
        let certificate = signer_of(&token, APP_ID).context("no certificate signed it")?;
        ensure!(accepted.contains(&certificate), "Agora does not accept {}", name_of(certificate));
        ensure!(certificate_of(service, &token)?.is_some(), "the service does not know its own token");
        let mut tally = self.tally();
        let (count, last) = tally.signed.entry(certificate).or_default();
        (*count, *last) = (*count + 1, end.max(*last));
        Ok(())
    }

    fn read(&self, log: &str) -> anyhow::Result<()> {
        ensure!(leaks(log).next().is_none(), "the log contains a value or a token");
        let failed = events(log, "secrets_not_refreshed");
        ensure!(failed.is_empty(), "{failed:?}");
        self.tally().changes += events(log, "secrets_changed").len();
        Ok(())
    }

    /// Advances the clock in steps. After each step, waits for responses, so that no request spans several steps.
    fn advance_clock(&self, seconds: u32) -> anyhow::Result<()> {
        let mut rest = seconds;
        while rest > 0 {
            let step = rest.min(STEP_SECONDS);
            rest -= step;
            self.clock.advance_clock(step);
            let before = self
                .response_counts
                .each_ref()
                .map(|response_counts| response_counts.load(Ordering::Acquire));
            // Each thread must get two responses, because the first request may have started before the step.
            while self
                .response_counts
                .iter()
                .zip(before)
                .any(|(it, before)| it.load(Ordering::Acquire) < before + 2)
            {
                ensure!(!self.is_over.load(Ordering::Relaxed), "a request failed");
                thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(())
    }

    /// Runs commands while the clock advances.
    fn run(&self, operator: &Operator, commands: &str, input: &str) -> anyhow::Result<()> {
        thread::scope(|scope| {
            let running = scope.spawn(|| operator.run(commands, input));
            while !running.is_finished() {
                self.advance_clock(1)?;
            }
            running.join().ok().context("the operator failed")?.map(drop)
        })
    }

    /// Performs the console action of a step. Returns whether the step has a console action.
    fn apply_console_action(&self, step_text: &str) -> anyhow::Result<bool> {
        let mut accepted = self.accepted.write().unwrap_or_else(PoisonError::into_inner);
        let is_added = step_text.contains("add a certificate");
        if is_added {
            accepted.push(NEXT);
        }
        let is_disabled = step_text.contains("disable the old certificate");
        if is_disabled {
            accepted.retain(|it| *it != OLD);
            let last = self.tally().signed.get(OLD).map_or(0, |(_, last)| *last);
            let clock = self.clock.clock();
            ensure!(last <= clock, "a token of the old certificate is valid for {} s more", last - clock);
        }
        let is_swapped = step_text.contains("swap the two");
        let is_any = is_added || is_disabled || is_swapped;
        ensure!(!is_any || step_text.contains("console"), "not a console action: {step_text}");
        Ok(is_any)
    }

    /// Follows a step, and returns its commands.
    fn follow(&self, operator: &Operator, step: &str) -> anyhow::Result<Vec<String>> {
        let step_text = step.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let has_console_action = self.apply_console_action(&step_text)?;
        let (commands, _) = runnable(blocks(step));
        for block in &commands {
            self.run(operator, block, NEXT)?;
        }
        let wait = if step_text.contains("wait 10 minutes") {
            TEN_MINUTES
        } else if step_text.contains("wait for") && step_text.contains("`ttl.max`") {
            TTL_MAX
        } else {
            let is_for_worker = step_text.contains("on the worker, [check the old versions]");
            ensure!(
                has_console_action || is_for_worker || !commands.is_empty(),
                "unsupported step: {step_text}"
            );
            0
        };
        self.advance_clock(wait)?;
        Ok(commands)
    }
}

fn name_of(certificate: &str) -> &'static str {
    if certificate == OLD { "the old certificate" } else { "the next certificate" }
}

#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn a_certificate_is_changed_under_load() -> anyhow::Result<()> {
    let folder = scratch("rotation")?;
    let moto = Moto::start(&folder)?;
    moto.put(SECRET_ID, &json!({ FIRST: OLD }).to_string())?;
    let operator = Operator::new(&moto, &folder)?;
    for command in Section::read("app-certificate.md", "Prepare a second name")?.commands() {
        operator.run(&command, "")?;
    }
    let section = Section::read("app-certificate.md", "Planned rotation")?;

    let mut service = service(&moto, &[FIRST, SECOND])?;
    let (before, _) = mint(&mut service)?;
    let load = Load::new(service.clone_with_store(store(&moto)?));
    let mut commands = 0;
    let mut old_count = 0;
    let senders = (0..THREADS).map(|_| Ok(service.clone_with_store(store(&moto)?)));
    load.during(senders.collect::<anyhow::Result<_>>()?, || {
        load.advance_clock(TEN_MINUTES)?;
        for (number, step) in (1..).zip(&section.steps) {
            let done = load.follow(&operator, step).with_context(|| format!("step {number}"))?;
            commands += done.len();
            if done.iter().any(|block| block.contains(" swap ")) {
                old_count = load.signed_by(OLD);
                let (after, _) = mint(&mut service)?;
                let known = (certificate_of(&mut service, &before)?, certificate_of(&mut service, &after)?);
                ensure!(known == (Some(1), Some(0)), "after the swap, the two are {known:?}");
            }
        }
        load.advance_clock(TEN_MINUTES)
    })?;
    ensure!(commands == 3, "the section has {commands} commands");
    let (old, next) = (load.signed_by(OLD), load.signed_by(NEXT));
    println!("{old} tokens of the old certificate, {next} of the next one; none was rejected");
    // Each certificate signs for at least 20 minutes, and each thread sends at least one request per step of the clock.
    let least = THREADS * (2 * TEN_MINUTES / STEP_SECONDS) as usize;
    ensure!(old > least && next > least, "{old} and {next} tokens");
    ensure!(
        old == old_count,
        "the old certificate signed {} tokens 10 minutes after the swap",
        old - old_count
    );
    ensure!(load.tally().changes == 3, "{} changes", load.tally().changes);
    ensure!(certificate_of(&mut service, &before)?.is_none(), "the service knows the old certificate");
    Ok(())
}

/// Checks that a new instance signs with the other certificate immediately. Also checks that a running instance signs
/// with the other certificate after its secrets are refreshed.
#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn a_leaked_certificate_is_replaced() -> anyhow::Result<()> {
    const FRESH_SECONDS: u32 = 300;
    let folder = scratch("rotation-leak")?;
    let moto = Moto::start(&folder)?;
    moto.put(SECRET_ID, &json!({ FIRST: OLD }).to_string())?;
    let operator = Operator::new(&moto, &folder)?;
    let section = Section::read("app-certificate.md", "Leaked certificate")?;
    let mut running = service(&moto, &[FIRST])?;
    ensure!(signer(&mut running, APP_ID)? == OLD, "the start");
    let (leaked, _) = mint(&mut running)?;
    let commands = section.commands();
    let [replace, copy] = commands.as_slice() else { bail!("{commands:?}") };
    let invalid_put = format!(
        r#"aws secretsmanager put-secret-value --secret-id {SECRET_ID} --secret-string '{{"{FIRST}":"none"}}'"#
    );
    operator.run(&invalid_put, "")?;
    ensure!(
        service(&moto, &[FIRST])?.send_for_json(&Request::get("/readyz"))?.0 == 503,
        "an instance starts with a wrong value"
    );
    running.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut running, APP_ID)? == OLD, "a running instance stops signing");
    operator.run("python3 infra/aws-secret.py back", "")?;
    ensure!(signer(&mut service(&moto, &[FIRST])?, APP_ID)? == OLD, "the change was not undone");
    operator.run(replace, NEXT)?;
    let mut started = service(&moto, &[FIRST])?;
    ensure!(signer(&mut started, APP_ID)? == NEXT, "an instance that starts");
    ensure!(certificate_of(&mut started, &leaked)?.is_none(), "the service knows the leaked certificate");
    running.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut running, APP_ID)? == NEXT, "a running instance");
    // In the runbook, the other certificate signs before the leaked certificate is disabled.
    let position_of = |text: &str| section.steps.iter().position(|step| step.contains(text));
    let (signs, is_disabled) =
        (position_of("aws-secret.py replace").context("no step signs")?, position_of("disable and delete"));
    ensure!(is_disabled.is_some_and(|step| step > signs), "the leaked certificate is disabled too early");
    operator.run(copy, "")?;
    ensure!(value_of(&moto, SECOND)?.as_deref() == Some(NEXT), "the second name has the leaked certificate");
    Ok(())
}

/// The sections with commands for Lambda. Each entry contains the page, the heading, and the name of the secret that
/// the section changes. The last value is true if the section creates a file with the secret's value.
const SECTIONS: [(&str, &str, &str, bool); 8] = [
    ("app-certificate.md", "Planned rotation", FIRST, false),
    ("app-certificate.md", "Leaked certificate", FIRST, false),
    ("videosdk-secret.md", "Planned rotation", "VIDEOSDK_SECRET_KEY", false),
    ("agora-account.md", "Planned rotation", "AGORA_CUSTOMER_SECRET", false),
    ("service-key.md", "Planned rotation", "HALLPASS_KEY_BACKEND", true),
    ("service-key.md", "Leaked key", "HALLPASS_KEY_BACKEND", true),
    ("jwt-secret.md", "Planned rotation", "SUPABASE_JWT_SECRET", false),
    ("jwt-secret.md", "Leaked secret", "SUPABASE_JWT_SECRET", false),
];

/// Checks that each section works twice in a row, because the secret has the same names at the end as at the beginning.
#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn every_command_works() -> anyhow::Result<()> {
    let commands: usize = thread::scope(|scope| {
        let running = SECTIONS.map(|(page, heading, name, is_file)| {
            let work = move || commands_work(page, heading, name, is_file);
            scope.spawn(move || work().with_context(|| format!("{page}, {heading}")))
        });
        running.into_iter().map(|it| it.join().ok().context("a section failed")?).sum::<anyhow::Result<_>>()
    })?;
    let here: Vec<_> = runbooks()?.values().flat_map(|page| runnable(blocks(page)).0).collect();
    let prepared = Section::read("app-certificate.md", "Prepare a second name")?.commands().len();
    let run = here.len() - prepared;
    ensure!(commands == 2 * run && run == 20, "{commands} of {run} commands were run twice: {here:#?}");
    Ok(())
}

/// Checks that every step has commands for both platforms or for neither platform. Sections without numbered steps are
/// exempt.
#[test]
fn each_step_has_commands_for_both_platforms() -> anyhow::Result<()> {
    let mut count = 0;
    for (name, page) in runbooks()? {
        for heading in page.lines().filter_map(|line| line.strip_prefix("## ")) {
            for (number, step) in (1..).zip(Section::read(&name, heading)?.steps) {
                let blocks = blocks(&step);
                let is_for = |platform: &str| blocks.iter().any(|block| block.starts_with(platform));
                let (lambda, worker) = (is_for("# AWS Lambda"), is_for("# Cloudflare Worker"));
                ensure!(lambda == worker, "{name}, {heading}, step {number}: only one platform");
                count += usize::from(lambda);
            }
        }
    }
    ensure!(count > 20, "{count} steps with commands");
    Ok(())
}

/// Follows the steps of a section twice. Returns the number of commands.
fn commands_work(page: &str, heading: &str, name: &str, is_file: bool) -> anyhow::Result<usize> {
    let names = [
        FIRST,
        SECOND,
        "AGORA_CUSTOMER_ID",
        "AGORA_CUSTOMER_SECRET",
        "HALLPASS_KEY_BACKEND",
        "SUPABASE_JWT_SECRET",
        "VIDEOSDK_SECRET_KEY",
    ];
    let folder = scratch(&format!("rotation-commands/{page}/{heading}"))?;
    let moto = Moto::start(&folder)?;
    let secret: BTreeMap<_, _> = names.into_iter().map(|name| (name, OLD)).collect();
    moto.put(SECRET_ID, &json!(secret).to_string())?;
    let operator = Operator::new(&moto, &folder)?;
    let section = Section::read(page, heading)?;
    let mut commands = 0;
    for value in [NEXT, OLD] {
        for block in section.commands() {
            commands += 1;
            operator.run(&block, value)?;
        }
        let left = operator.run("python3 infra/aws-secret.py names", "")?;
        ensure!(left.lines().eq(names), "the section ends with the names {left}");
        let value = if is_file { fs::read_to_string(folder.join("key"))? } else { value.to_owned() };
        ensure!(value_of(&moto, name)?.as_deref() == Some(value.trim()), "{name} did not change");
    }
    Ok(commands)
}

fn value_of(moto: &Moto, name: &str) -> anyhow::Result<Option<String>> {
    let secrets = store(moto)?.get(&[name], SystemTime::now())?;
    Ok(secrets.first().map(|(_, value)| value.as_str().to_owned()))
}

/// Checks that an invalid value is rejected before anything is written, and that the value is not shown.
#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn a_wrong_value_is_not_stored() -> anyhow::Result<()> {
    const KEY: &str = "HALLPASS_KEY_BACKEND";
    const HEX: &str = "must have 32 hexadecimal characters";
    const NAME: &str = "a name consists of capital letters";
    let folder = scratch("rotation-rejections")?;
    let moto = Moto::start(&folder)?;
    let operator = Operator::new(&moto, &folder)?;
    moto.create_empty(SECRET_ID)?;
    ensure!(
        operator.run("python3 infra/aws-secret.py names", "")?.contains("empty"),
        "a secret without a version"
    );
    operator.run(&format!("python3 infra/aws-secret.py put {FIRST}"), &format!("{OLD}\r\n"))?;
    let long = "k".repeat(32);
    let upper = NEXT.to_uppercase();
    let cases: [(String, &[u8], &str); 16] = [
        (format!("put {FIRST}"), NEXT.as_bytes(), "use `replace`"),
        (format!("replace {SECOND}"), NEXT.as_bytes(), "is not in the secret"),
        (format!("copy {SECOND} {FIRST}"), b"", "is not in the secret"),
        (format!("swap {FIRST} {SECOND}"), b"", "is not in the secret"),
        (format!("remove {SECOND}"), b"", "is not in the secret"),
        ("back".into(), b"", "no previous version"),
        (format!("put {SECOND}"), &NEXT.as_bytes()[1..], HEX),
        (format!("replace {FIRST}"), long.as_bytes(), HEX),
        (format!("put {KEY}"), &long.as_bytes()[1..], "must have at least 32 bytes"),
        (format!("put {KEY}"), b" 0123456789abcdef0123456789abcdef", "with whitespace"),
        (format!("put {KEY}"), b"0123456789abcdef0123456789abcdef\n\n", "with whitespace"),
        (format!("put {KEY}"), b"\xff0123456789abcdef0123456789abcdef", "is not UTF-8"),
        ("put VIDEOSDK_SECRET_KEY".into(), b"\n", "is empty"),
        (format!("put {NEXT}"), OLD.as_bytes(), NAME),
        (format!("copy {FIRST} A{upper}"), b"", NAME),
        (format!("remove {NEXT}"), b"", "… is not in the secret"),
    ];
    for locale in ["C", "C.UTF-8"] {
        for (command, input, expected) in &cases {
            let line = format!("LC_ALL={locale} python3 infra/aws-secret.py {command}");
            let (is_done, output) = operator.attempt(&line, input)?;
            ensure!(
                !is_done && output.contains(expected) && output.contains("Nothing was changed."),
                "{command}: {output}"
            );
            let is_shown = [OLD, NEXT, &upper, &long[1..]].iter().any(|value| output.contains(value));
            ensure!(!is_shown && !output.contains("0123456789"), "{command} shows a value");
        }
    }
    ensure!(operator.run("python3 infra/aws-secret.py names", "")?.trim() == FIRST, "a value was stored");
    ensure!(value_of(&moto, FIRST)?.as_deref() == Some(OLD), "{FIRST} has a different value");
    let umlauts = "ü".repeat(16);
    operator.run(&format!("LC_ALL=C python3 infra/aws-secret.py put {KEY}"), &umlauts)?;
    ensure!(value_of(&moto, KEY)?.as_deref() == Some(&umlauts), "a string is not stored unchanged");
    Ok(())
}

/// Checks that the script reads no value while the AWS CLI records its calls, in any file and profile.
#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn values_are_not_recorded_in_the_history_of_the_aws_cli() -> anyhow::Result<()> {
    let folder = scratch("rotation-history")?;
    let moto = Moto::start(&folder)?;
    let operator = Operator::new(&moto, &folder)?;
    moto.put(SECRET_ID, &json!({ FIRST: OLD }).to_string())?;
    fs::create_dir_all(folder.join(".aws"))?;
    fs::write(folder.join(".aws/config"), "[default]\ncli_history = disabled\n")?;
    fs::write(
        folder.join("enabled"),
        "[default]\ncli_history = enabled\n[profile other]\ncli_history = disabled\n",
    )?;
    fs::write(folder.join("in-profile"), "[default]\n[profile other]\ncli_history = enabled\n")?;
    let (enabled, in_profile) = ("AWS_CONFIG_FILE=enabled", "AWS_CONFIG_FILE=in-profile");
    for (variables, is_rejected) in [
        (String::new(), false),
        (enabled.to_owned(), true),
        (format!("{enabled} AWS_PROFILE=other"), false),
        (in_profile.to_owned(), false),
        (format!("{in_profile} AWS_PROFILE=other"), true),
    ] {
        let changes = [format!("replace {FIRST}"), "back".to_owned()];
        let commands = ["names".to_owned()].into_iter().chain(changes.into_iter().filter(|_| is_rejected));
        for command in commands {
            // The AWS CLI of the fork server, which is first in the path, has read its configuration already.
            let line = format!("PATH=\"${{PATH#*:}}\" {variables} python3 infra/aws-secret.py {command}");
            let (is_done, output) = operator.attempt(&line, NEXT.as_bytes())?;
            ensure!(is_done != is_rejected, "{line}: {output}");
            ensure!(
                !is_rejected || output.contains("aws configure set cli_history disabled"),
                "{line}: {output}"
            );
        }
        ensure!(value_of(&moto, FIRST)?.as_deref() == Some(OLD), "{variables} changed the secret");
    }
    let history = folder.join(".aws/cli/history/history.db");
    let is_recorded = || {
        let records = fs::read(&history).unwrap_or_default();
        [OLD, NEXT].iter().any(|value| records.windows(value.len()).any(|window| window == value.as_bytes()))
    };
    ensure!(!is_recorded(), "the AWS CLI recorded a value");
    // The check shows that the message names the right file.
    let get = format!("aws secretsmanager get-secret-value --secret-id {SECRET_ID} > /dev/null");
    operator.run(&format!("PATH=\"${{PATH#*:}}\" AWS_CONFIG_FILE=enabled {get}"), "")?;
    ensure!(is_recorded(), "the AWS CLI records calls in another file than the message names");
    Ok(())
}

/// Checks that the slower of two concurrent changes fails. One operator writes between the read and the write of the
/// other operator.
#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn rejects_the_slower_of_two_concurrent_changes() -> anyhow::Result<()> {
    const CONCURRENT_SECRET: &str = "CONCURRENT_SECRET";
    let folder = scratch("rotation-race")?;
    let moto = Moto::start(&folder)?;
    let operator = Operator::new(&moto, &folder)?;
    let delay = "
mkdir late
cat > late/aws <<'END'
#!/bin/sh
[ \"$2\" != put-secret-value ] || printf b | PATH=\"$OTHERS\" python3 infra/aws-secret.py put \"$CONCURRENT\" > concurrent.log
PATH=\"$OTHERS\" exec aws \"$@\"
END
chmod +x late/aws";
    operator.run(delay, "")?;
    let put = |name: &str| {
        let command = "OTHERS=\"$PATH\" PATH=\"$PWD/late:$PATH\" python3 infra/aws-secret.py put";
        operator.attempt(&format!("CONCURRENT={name} {command} SLOW_{name}"), b"a")
    };
    moto.create_empty(SECRET_ID)?;
    for name in [CONCURRENT_SECRET, "SECOND_SECRET"] {
        let (is_done, output) = put(name)?;
        ensure!(!is_done && output.contains("ResourceExistsException"), "{output}");
        ensure!(value_of(&moto, name)?.is_some(), "{name} was lost");
        ensure!(value_of(&moto, &format!("SLOW_{name}"))?.is_none(), "{name} was late");
    }
    operator.run("python3 infra/aws-secret.py put SLOW", "a")?;
    let names = operator.run("python3 infra/aws-secret.py names", "")?;
    ensure!(names.lines().eq([CONCURRENT_SECRET, "SECOND_SECRET", "SLOW"]), "{names}");
    Ok(())
}

/// Runs the commands of "Check a change" against a local HTTP service. A token from before the change shows whether the
/// change is in effect.
#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn a_token_from_before_shows_the_change() -> anyhow::Result<()> {
    const KEY: &str = "HALLPASS_KEY_BACKEND";
    let folder = scratch("rotation-look")?;
    let moto = Moto::start(&folder)?;
    let mut operator = Operator::new(&moto, &folder)?;
    let runbook = runbook("README.md")?;
    let (_, check) = runbook.split_once("\n## Check a change\n").context("no such section")?;
    let check = blocks(check.split("\n## ").next().unwrap_or_default());
    let [before, after, logs @ ..] = check.as_slice() else { bail!("{check:?}") };
    ensure!(logs.len() == 2, "{logs:?}");
    let account = Section::read("agora-account.md", "Planned rotation")?;
    let (_, list) = runnable(account.steps.iter().flat_map(|step| blocks(step)).collect());
    let list = list.iter().find(|block| block.contains("/v1/agora/projects")).context("no call of Agora")?;
    let agora = Provider::start(Agora::default())?;
    agora.set_clock(Some(Memory::START));
    for (names, old_after) in [
        (&[FIRST, SECOND][..], r#""status":"valid","project":"default","certificate":1"#),
        (&[FIRST], r#""status":"invalid""#),
    ] {
        let secrets = json!({
            FIRST: OLD, SECOND: NEXT, KEY: "k".repeat(32),
            "ID": agora::CUSTOMER_ID, "SECRET": agora::CUSTOMER_SECRET,
        });
        moto.put(SECRET_ID, &secrets.to_string())?;
        let document = json!({
            "projects": { "default": { "provider": "agora", "app_id": APP_ID, "certificates": names } },
            "auth": { "keys": [{ "name": "backend", "secret": KEY }] },
            "rest": { "agora": { "customer_id": "ID", "customer_secret": "SECRET", "url": agora.url() } },
            "policy": [{ "rtc": { "channel": "class-*" }, "agora_rest": "projects", "inspect": true }],
        });
        let setting = |name: &str| (name == "HALLPASS_CONFIG").then(|| document.to_string());
        let mut service = Memory::with_store(setting, store(&moto)?);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        operator.environment.push(("URL".to_owned(), url));
        let swap = format!("python3 infra/aws-secret.py swap {FIRST} {SECOND}");
        let commands = format!(
            "{before}\n{after}\n{swap} > /dev/null\ncurl -sS \"$URL{ADVANCE_CLOCK_PATH}\"\n{after}\n{list}"
        );
        let (denied, output) = thread::scope(|scope| {
            let serving = scope.spawn(|| serve(&listener, &mut service));
            let key = "k".repeat(32) + "\n";
            let denied = operator.attempt(&format!("CHANNEL=rotation\n{before}"), key.as_bytes());
            let output = operator.attempt(&format!("CHANNEL=class-7b\n{commands}"), key.as_bytes());
            operator.attempt(&format!("curl -sS \"$URL{END}\""), b"")?;
            serving.join().ok().context("the server failed")??;
            anyhow::Ok((denied?, output?))
        })?;
        ensure!(!denied.0 && denied.1.contains(r#""refused_by":"channel""#), "{}", denied.1);
        ensure!(output.0, "{}", output.1);
        let old_before = r#""status":"valid","project":"default","certificate":0"#;
        let signatures: Vec<_> = output.1.lines().filter(|line| line.contains("signature")).collect();
        let expected = [old_before, old_before, old_after];
        let expected = expected.map(|signature| format!(r#"10 "signature":{{{signature}}}"#));
        ensure!(signatures.into_iter().map(str::trim).eq(expected), "{}", output.1);
        ensure!(output.1.matches(r#"{"status":"ready"}"#).count() == 2, "{}", output.1);
        ensure!(output.1.contains(r#"{"projects":[{"#), "{}", output.1);
    }
    Ok(())
}

/// A request for this path advances the clock by 10 minutes.
const ADVANCE_CLOCK_PATH: &str = "/later";
/// A request for this path advances the clock by 10 minutes and ends [`serve`].
const END: &str = "/end";

/// Responds to requests over HTTP, one at a time.
fn serve(listener: &TcpListener, service: &mut Memory<SecretsManager>) -> anyhow::Result<()> {
    loop {
        let mut stream = BufReader::new(listener.accept()?.0);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let mut first = head.first().context("no request")?.split(' ').map(str::to_owned);
        let (method, target) = (first.next().context("no method")?, first.next().context("no target")?);
        let headers = head.iter().filter_map(|line| line.split_once(": "));
        let headers: Vec<_> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.map_or(Ok(0), |(_, length)| length.parse())?];
        stream.read_exact(&mut body)?;
        let (status, body) = match target.as_str() {
            ADVANCE_CLOCK_PATH | END => {
                service.advance_clock(TEN_MINUTES);
                (200, Vec::new())
            }
            _ => {
                let request = Request { method, target: target.clone(), headers, body, gateway_claims: None };
                let response = service.send(&request)?;
                (response.status().as_u16(), response.into_body())
            }
        };
        let head =
            format!("HTTP/1.1 {status} .\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.get_mut().write_all(&[head.as_bytes(), &body].concat())?;
        if target == END {
            return Ok(());
        }
    }
}
