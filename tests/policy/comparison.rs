//! Comparison of the service's decisions with the decisions of a second evaluator.
//!
//! The second evaluator decides on every case of this folder, and on random requests under random rules. The environment
//! variables `HALLPASS_POLICY_CASES` and `HALLPASS_POLICY_SEED` set the number of random requests and the first seed.

mod reduction;
mod shares;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::{env, fmt};

use anyhow::{Context as _, ensure};
use hallpass_service::check::InputError;
use hallpass_service::check::dry_run::{Decision, DryRun};

use self::reduction::reduce;
use self::shares::Shares;
use super::generator::{TRIALS_PER_SEED, Trial};
use super::second_evaluator::{Outcome, Service, decide};
use super::{Expect, files, load};

/// The maximum number of differences in the output.
const MAX_DIFFERENCES: usize = 5;

/// The result of a comparison.
enum Comparison {
    Equal(Outcome, usize),
    Different {
        expected: Outcome,
        actual: Outcome,
    },
    /// The configuration is invalid or does not accept the caller, or the service panicked.
    NoDecision(String),
}

#[test]
fn second_evaluator_decides_on_every_case() -> anyhow::Result<()> {
    let mut failures = Vec::new();
    for file in files()? {
        for case in file.cases {
            if case.document.is_some() {
                continue;
            }
            let document = serde_json::from_str(&case.document(&file.policies)?)?;
            let trial = Trial { document, caller: case.caller, request: case.request };
            let comparison = compare(&trial);
            let is_config_case = matches!(case.expect, Expect::Invalid { .. })
                && matches!(comparison, Comparison::NoDecision(_));
            if !is_config_case && !matches!(comparison, Comparison::Equal(..)) {
                failures.push(format!("{}: {comparison}", case.id));
            }
        }
    }
    ensure!(failures.is_empty(), "{}: {}", failures.len(), failures.join("\n"));
    Ok(())
}

#[test]
fn evaluators_agree_on_random_requests() -> anyhow::Result<()> {
    let count = number("HALLPASS_POLICY_CASES", 20_000)?;
    let first_seed = number("HALLPASS_POLICY_SEED", 1)?;
    let mut shares = Shares::default();
    let mut differences = BTreeSet::new();
    for seed in first_seed..first_seed.saturating_add(count / TRIALS_PER_SEED) {
        let trials = Trial::random(seed);
        let configuration = load(&trials[0].document.to_string());
        for trial in trials {
            let comparison = configuration.as_ref().map(|configuration| compare_with(configuration, &trial));
            if let Ok(Comparison::Equal(outcome, failed_rules)) = comparison {
                shares.count(&outcome, failed_rules);
            } else {
                let reduced = reduce(trial);
                differences.insert(format!("seed {seed}\n{reduced}\n{}\n", compare(&reduced)));
            }
        }
        if differences.len() >= MAX_DIFFERENCES {
            break;
        }
    }
    println!("first seed {first_seed}\n{shares}");
    ensure!(differences.is_empty(), "{}", differences.into_iter().collect::<Vec<_>>().join("\n"));
    shares.check()
}

#[test]
fn the_order_of_rules_does_not_change_whether_a_request_is_granted() -> anyhow::Result<()> {
    const COUNT: u64 = 4_000;
    let is_granted = |configuration: &DryRun, Trial { caller, request, .. }: &Trial| {
        matches!(caller.evaluate(configuration, &request.to_string()), Ok(Decision::Granted { .. }))
    };
    let mut granted = 0;
    for seed in 0..COUNT / TRIALS_PER_SEED {
        let trials = Trial::random(seed);
        let mut reversed = trials[0].document.clone();
        let Some(rules) = reversed["policy"].as_array_mut() else { continue };
        rules.reverse();
        let configurations = [&trials[0].document, &reversed].map(|document| load(&document.to_string()));
        let [Ok(configuration), Ok(reversed)] = &configurations else { continue };
        for trial in &trials {
            let is_granted = [configuration, reversed].map(|configuration| is_granted(configuration, trial));
            ensure!(is_granted[0] == is_granted[1], "seed {seed}\n{trial}");
            granted += u64::from(is_granted[0]);
        }
    }
    ensure!(granted > COUNT / 5, "only {granted} requests were granted");
    Ok(())
}

/// Returns the number in an environment variable.
fn number(name: &str, default: u64) -> anyhow::Result<u64> {
    env::var(name).map_or(Ok(default), |value| value.parse().with_context(|| name.to_owned()))
}

fn compare(trial: &Trial) -> Comparison {
    match load(&trial.document.to_string()) {
        Ok(configuration) => compare_with(&configuration, trial),
        Err(error) => Comparison::NoDecision(error.message),
    }
}

fn compare_with(configuration: &DryRun, Trial { document, caller, request }: &Trial) -> Comparison {
    let evaluate = AssertUnwindSafe(|| caller.evaluate(configuration, &request.to_string()));
    let Ok(actual) = panic::catch_unwind(evaluate) else {
        return Comparison::NoDecision("the service panicked".to_owned());
    };
    let actual = match actual {
        Err(error) if error.message.starts_with("the configuration does not accept") => {
            return Comparison::NoDecision(error.message);
        }
        actual => outcome(actual),
    };
    let (expected, failed_rules) = decide(document, caller, request);
    let is_equal = match (&expected, &actual) {
        (Outcome::Invalid { fields: expected }, Outcome::Invalid { fields: actual }) => {
            expected.is_superset(actual)
        }
        (expected, actual) => expected == actual,
    };
    if is_equal {
        Comparison::Equal(expected, failed_rules)
    } else {
        Comparison::Different { expected, actual }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal(outcome, _) => write!(f, "both: {outcome:?}"),
            Self::Different { expected, actual } => {
                write!(f, "second evaluator: {expected:?}\nservice: {actual:?}")
            }
            Self::NoDecision(message) => f.write_str(message),
        }
    }
}

/// Converts a decision of the service.
fn outcome(decision: Result<Decision, InputError>) -> Outcome {
    match decision {
        Ok(Decision::Granted { id, ttl, services }) => {
            let services: BTreeMap<_, _> = services
                .into_iter()
                .map(|service| {
                    let content = Service { fields: service.granted, decided_by: service.decided_by };
                    (service.name.to_owned(), content)
                })
                .collect();
            Outcome::Granted { id, ttl: ttl.into(), services }
        }
        Ok(Decision::Denied { part, field, rules, .. }) => {
            Outcome::Denied { part: part.to_owned(), field, rules }
        }
        Err(error) => Outcome::Invalid { fields: BTreeSet::from([error.field.unwrap_or_default()]) },
    }
}
