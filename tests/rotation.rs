//! infra/rotation.md, done as it is written: its steps in their order, its commands by `sh` and the AWS CLI, its waiting
//! times by a clock, while a service answers without pause.
//!
//! What a step says of the console is done to a model of Agora, before the commands of the step; what it says of waiting
//! comes after them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hallpass_lambda::SecretsManager;
use hallpass_tests::logs::{events, leaks};
use hallpass_tests::moto::Moto;
use hallpass_tests::process::path_from;
use hallpass_tests::signer::{NEXT, OLD, signer, signer_of};
use hallpass_tests::target::{Memory, Request, Target as _};
use serde_json::{Value, json};

use crate::scratch;

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
const SECRET_ID: &str = "hallpass";
const FIRST: &str = "AGORA_APP_CERTIFICATE";
const SECOND: &str = "AGORA_APP_CERTIFICATE_NEXT";
const THREADS: usize = 4;
const TEN_MINUTES: u32 = 600;
/// All tokens live as long.
const TTL_MAX: u32 = 2 * 3600;
/// A command that names one of these needs a stack, or a service at an address.
const NOT_HERE: [&str; 3] = ["$STACK", "$FUNCTION", "$URL"];

/// A section of the runbook.
struct Section {
    /// What stands before the first step.
    preface: String,
    steps: Vec<String>,
}

/// Whoever does what the runbook says.
struct Operator {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// Requests without pause, from [`THREADS`] threads, to one service.
struct Load {
    /// The certificates whose tokens Agora takes.
    accepted: RwLock<Vec<&'static str>>,
    tally: Mutex<Tally>,
    /// The answers that each thread has got.
    answers: [AtomicUsize; THREADS],
    is_over: AtomicBool,
    clock: Memory<SecretsManager>,
}

#[derive(Default)]
struct Tally {
    /// How many tokens each certificate has signed, and when the last of them ends.
    signed: BTreeMap<&'static str, (usize, u64)>,
    changes: usize,
}

impl Section {
    fn read(heading: &str) -> anyhow::Result<Self> {
        let runbook = runbook()?;
        let (_, rest) = runbook.split_once(&format!("\n## {heading}\n")).context("no such section")?;
        let (mut preface, mut steps) = (String::new(), Vec::<String>::new());
        for line in rest.split("\n## ").next().unwrap_or_default().lines() {
            if line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok()) {
                steps.push(String::new());
            }
            let is_of_step =
                line.is_empty() || line.starts_with(|first: char| first == ' ' || first.is_ascii_digit());
            match steps.last_mut() {
                Some(_) if !is_of_step => break,
                part => *part.unwrap_or(&mut preface) += &format!("{line}\n"),
            }
        }
        Ok(Self { preface, steps })
    }

    /// The command in the words before the first step; a line may end in the middle of it.
    fn preparation(&self) -> anyhow::Result<String> {
        let mut quoted = self.preface.split('`').skip(1).step_by(2);
        let command = quoted.find(|text| text.starts_with("python3 infra/")).context("no preparation")?;
        Ok(command.replace('\n', " "))
    }
}

/// The blocks of commands in a text, in their order.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_start);
    while lines.any(|line| line == "```sh") {
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

fn runbook() -> anyhow::Result<String> {
    Ok(fs::read_to_string(top().join("infra/rotation.md"))?)
}

/// Those that can be run here, and those that cannot.
fn runnable(blocks: Vec<String>) -> (Vec<String>, Vec<String>) {
    blocks.into_iter().partition(|block| !NOT_HERE.iter().any(|name| block.contains(name)))
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Operator {
    /// One with the AWS CLI, the runbook's scripts, and this secret.
    fn new(moto: &Moto, folder: &Path) -> anyhow::Result<Self> {
        let programs = path_from("HALLPASS_PYTHON")?;
        let programs = programs.parent().context("python is nowhere")?.to_owned();
        ensure!(programs.join("aws").exists(), "the AWS CLI is not beside python");
        let others = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([programs].into_iter().chain(std::env::split_paths(&others)))?;
        let text = |path: &std::ffi::OsStr| path.to_string_lossy().into_owned();
        symlink(top().join("infra"), folder.join("infra"))?;
        let mut environment = moto.settings(SECRET_ID);
        environment.extend(
            [
                ("SECRET_ID", SECRET_ID.to_owned()),
                ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
                ("HOME", text(folder.as_os_str())),
                ("PATH", text(&path)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        Ok(Self { folder: folder.to_owned(), environment })
    }

    /// Runs commands, and gives them this on standard input.
    fn run(&self, commands: &str, input: &str) -> anyhow::Result<()> {
        let mut shell = Command::new("sh")
            .args(["-euc", commands])
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // Whoever has a file for it does not read this.
        let _ = shell.stdin.take().context("sh has no input")?.write_all(input.as_bytes());
        let output = shell.wait_with_output()?;
        let said =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        ensure!(output.status.success(), "{commands}\n{said}");
        ensure!(!said.contains(OLD) && !said.contains(NEXT), "a value is shown by {commands}");
        Ok(())
    }
}

/// A service with this secret, and these names of certificates.
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
    Ok(SecretsManager::from_settings(setting).context("no store")??)
}

/// A token that lives for as long as any may.
fn mint(service: &mut Memory<SecretsManager>) -> anyhow::Result<(String, u64)> {
    let body = json!({ "rtc": { "channel": "demo", "uid": 1 }, "ttl": TTL_MAX });
    let (status, body) = service.ask(&Request::post("/v1/token", &body, None))?;
    ensure!(status == 200, "{status} {body}");
    let token = body.get("token").and_then(Value::as_str).context("no token")?;
    Ok((token.to_owned(), body.get("expires_at").and_then(Value::as_u64).context("no end")?))
}

/// Which of the configured certificates signed a token, by their order.
fn certificate_of(service: &mut Memory<SecretsManager>, token: &str) -> anyhow::Result<Option<u64>> {
    let (status, body) = service.ask(&Request::post("/v1/inspect", &json!({ "token": token }), None))?;
    ensure!(status == 200, "{status} {body}");
    Ok(body.pointer("/signature/certificate").and_then(Value::as_u64))
}

impl Load {
    fn new(clock: Memory<SecretsManager>) -> Self {
        Self {
            accepted: RwLock::new(vec![OLD]),
            tally: Mutex::default(),
            answers: Default::default(),
            is_over: AtomicBool::new(false),
            clock,
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many tokens this certificate has signed.
    fn signed_by(&self, certificate: &str) -> usize {
        self.tally().signed.get(certificate).map_or(0, |(count, _)| *count)
    }

    /// Does something while each of these sends.
    fn during(
        &self,
        services: Vec<Memory<SecretsManager>>,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        thread::scope(|scope| {
            let senders: Vec<_> = (self.answers.iter().zip(services))
                .map(|(answers, service)| scope.spawn(|| self.send(answers, service)))
                .collect();
            let done = work();
            self.is_over.store(true, Ordering::Relaxed);
            for sender in senders {
                sender.join().ok().context("a sender failed")??;
            }
            done
        })
    }

    /// Sends requests until it is over: each is answered, by a token that Agora takes.
    fn send(&self, answers: &AtomicUsize, mut service: Memory<SecretsManager>) -> anyhow::Result<()> {
        const BATCH: usize = 500;
        let mut work = || {
            while !self.is_over.load(Ordering::Relaxed) {
                for _ in 0..BATCH {
                    self.send_one(&mut service)?;
                    answers.fetch_add(1, Ordering::Release);
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
        let certificate = signer_of(&token, APP_ID).context("signed by nobody")?;
        ensure!(accepted.contains(&certificate), "Agora does not take {}", name_of(certificate));
        ensure!(certificate_of(service, &token)?.is_some(), "its own token is not known to it");
        let mut tally = self.tally();
        let (count, last) = tally.signed.entry(certificate).or_default();
        (*count, *last) = (*count + 1, end.max(*last));
        Ok(())
    }

    fn read(&self, log: &str) -> anyhow::Result<()> {
        ensure!(leaks(log).next().is_none(), "the log holds a value or a token");
        let failed = events(log, "secrets_not_refreshed");
        ensure!(failed.is_empty(), "{failed:?}");
        self.tally().changes += events(log, "secrets_changed").len();
        Ok(())
    }

    /// Lets time pass, a little at once: no request takes longer than this little by the clock.
    fn pass(&self, seconds: u32) -> anyhow::Result<()> {
        const LITTLE: u32 = 30;
        let mut rest = seconds;
        while rest > 0 {
            let little = rest.min(LITTLE);
            rest -= little;
            self.clock.pass(little);
            let before = self.answers.each_ref().map(|answers| answers.load(Ordering::Acquire));
            // The first one may have begun before.
            while self.answers.iter().zip(before).any(|(it, before)| it.load(Ordering::Acquire) < before + 2)
            {
                ensure!(!self.is_over.load(Ordering::Relaxed), "a request failed");
                thread::sleep(Duration::from_micros(200));
            }
        }
        Ok(())
    }

    /// Runs commands, while time passes.
    fn run(&self, operator: &Operator, commands: &str, input: &str) -> anyhow::Result<()> {
        thread::scope(|scope| {
            let running = scope.spawn(|| operator.run(commands, input));
            while !running.is_finished() {
                self.pass(1)?;
            }
            running.join().ok().context("the operator failed")?
        })
    }

    /// What a step says of the console; whether that is anything.
    fn at_console(&self, words: &str) -> anyhow::Result<bool> {
        let mut accepted = self.accepted.write().unwrap_or_else(PoisonError::into_inner);
        let is_added = words.contains("add a certificate");
        if is_added {
            accepted.push(NEXT);
        }
        let is_disabled = words.contains("disable the old one");
        if is_disabled {
            accepted.retain(|it| *it != OLD);
            let last = self.tally().signed.get(OLD).map_or(0, |(_, last)| *last);
            let clock = self.clock.clock();
            ensure!(last <= clock, "a token of the old one would live for {} s more", last - clock);
        }
        let is_swapped = words.contains("swap the two");
        let is_any = is_added || is_disabled || is_swapped;
        ensure!(!is_any || words.contains("console"), "not at the console: {words}");
        Ok(is_any)
    }

    /// Does a step; says which commands it had.
    fn follow(&self, operator: &Operator, step: &str) -> anyhow::Result<Vec<String>> {
        let words = step.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let is_at_console = self.at_console(&words)?;
        let (commands, _) = runnable(blocks(step));
        for block in &commands {
            self.run(operator, block, NEXT)?;
        }
        let wait = if words.contains("wait 10 minutes") {
            TEN_MINUTES
        } else if words.contains("wait for") && words.contains("`ttl.max`") {
            TTL_MAX
        } else {
            ensure!(is_at_console || !commands.is_empty(), "what is to be done here is not known: {words}");
            0
        };
        self.pass(wait)?;
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
    let section = Section::read("A certificate of Agora")?;
    operator.run(&section.preparation()?, "")?;

    let mut service = service(&moto, &[FIRST, SECOND])?;
    let (before, _) = mint(&mut service)?;
    let load = Load::new(service.beside(store(&moto)?));
    let mut commands = 0;
    let mut of_old = 0;
    let senders = (0..THREADS).map(|_| Ok(service.beside(store(&moto)?)));
    load.during(senders.collect::<anyhow::Result<_>>()?, || {
        load.pass(TEN_MINUTES)?;
        for (number, step) in (1..).zip(&section.steps) {
            let done = load.follow(&operator, step).with_context(|| format!("step {number}"))?;
            commands += done.len();
            if done.iter().any(|block| block.contains(" swap ")) {
                of_old = load.signed_by(OLD);
                let (after, _) = mint(&mut service)?;
                let known = (certificate_of(&mut service, &before)?, certificate_of(&mut service, &after)?);
                ensure!(known == (Some(1), Some(0)), "after the swap, the two are {known:?}");
            }
        }
        load.pass(TEN_MINUTES)
    })?;
    ensure!(commands == 3, "the section has {commands} commands");
    let (old, next) = (load.signed_by(OLD), load.signed_by(NEXT));
    println!("{old} tokens of the old certificate, {next} of the next one; none was refused");
    ensure!(old > 1000 && next > 1000, "{old} and {next} tokens");
    ensure!(old == of_old, "the old one signed {} tokens 10 minutes after the swap", old - of_old);
    ensure!(load.tally().changes == 3, "{} changes", load.tally().changes);
    ensure!(certificate_of(&mut service, &before)?.is_none(), "the old one is not forgotten");
    Ok(())
}

/// Who starts afterwards signs with the other one at once, and who runs does so within the time for which secrets are fresh.
#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn a_leaked_certificate_is_replaced() -> anyhow::Result<()> {
    const FRESH_SECONDS: u32 = 300;
    let folder = scratch("rotation-leak")?;
    let moto = Moto::start(&folder)?;
    moto.put(SECRET_ID, &json!({ FIRST: OLD }).to_string())?;
    let operator = Operator::new(&moto, &folder)?;
    let section = Section::read("A certificate has leaked")?;
    let mut running = service(&moto, &[FIRST])?;
    ensure!(signer(&mut running, APP_ID)? == OLD, "the start");
    let (leaked, _) = mint(&mut running)?;
    let put: Vec<_> = section.steps.iter().flat_map(|step| runnable(blocks(step)).0).collect();
    ensure!(put.len() == 1, "{put:?}");
    operator.run(&put[0], "no certificate")?;
    ensure!(service(&moto, &[FIRST])?.ask(&Request::get("/readyz"))?.0 == 503, "a value that is none");
    operator.run("python3 infra/aws-secret.py back", "")?;
    ensure!(signer(&mut service(&moto, &[FIRST])?, APP_ID)? == OLD, "the change was not taken back");
    operator.run(&put[0], NEXT)?;
    let mut started = service(&moto, &[FIRST])?;
    ensure!(signer(&mut started, APP_ID)? == NEXT, "who starts");
    ensure!(certificate_of(&mut started, &leaked)?.is_none(), "the leaked one is known");
    running.pass(FRESH_SECONDS);
    ensure!(signer(&mut running, APP_ID)? == NEXT, "who runs");
    Ok(())
}

/// Those of every section, one after the other.
#[test]
#[ignore = "needs moto and the AWS CLI; cargo xtask test runs it"]
fn every_command_works() -> anyhow::Result<()> {
    let folder = scratch("rotation-commands")?;
    let moto = Moto::start(&folder)?;
    let names = [FIRST, SECOND, "VIDEOSDK_SECRET_KEY", "HALLPASS_KEY_BACKEND", "SUPABASE_JWT_SECRET"];
    let secret: BTreeMap<_, _> = names.into_iter().map(|name| (name, OLD)).collect();
    moto.put(SECRET_ID, &json!(secret).to_string())?;
    let operator = Operator::new(&moto, &folder)?;
    let (here, not_here) = runnable(blocks(&runbook()?));
    for block in &here {
        operator.run(block, NEXT)?;
    }
    ensure!(here.len() == 10 && not_here.len() == 3, "{} here, and {not_here:?}", here.len());
    let names =
        [FIRST, SECOND, "HALLPASS_KEY_BACKEND_NEXT", "SUPABASE_JWT_SECRET_NEXT", "VIDEOSDK_SECRET_KEY_NEXT"];
    let names = names.join("\n");
    operator.run(&format!(r#"test "$(python3 infra/aws-secret.py names)" = "{names}""#), "")?;
    let key = fs::metadata(folder.join("key"))?;
    ensure!(key.len() == 45, "a key has {} bytes", key.len());
    Ok(())
}
