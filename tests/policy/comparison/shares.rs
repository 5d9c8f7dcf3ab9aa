//! The shares of different decisions, which show that the random requests test every kind of decision.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::ensure;

use crate::policy::second_evaluator::Outcome;

/// The minimum percentage of each kind of decision.
const MINIMUMS: [(&str, u64); 9] = [
    ("granted", 20),
    ("granted after a rule failed", 10),
    ("400", 5),
    ("denied: caller", 1),
    ("denied: service", 5),
    ("denied: privileged", 3),
    ("denied: channel", 3),
    ("denied: role", 1),
    ("denied: identity", 3),
];

#[derive(Default)]
pub(super) struct Shares {
    total: u64,
    counts: BTreeMap<String, u64>,
}

impl Shares {
    pub(super) fn count(&mut self, outcome: &Outcome, failed_rules: usize) {
        self.total += 1;
        match outcome {
            Outcome::Granted { services, .. } => {
                self.add("granted");
                if services.values().any(|service| !matches!(&*service.decided_by, "policy[0]" | "no policy"))
                {
                    self.add("granted by a rule after the first");
                }
                if failed_rules > 0 {
                    self.add("granted after a rule failed");
                }
                if services.len() > 1 {
                    self.add("granted several services");
                }
            }
            Outcome::Denied { part, rules, .. } => {
                self.add("denied");
                self.add(&format!("denied: {part}"));
                if rules.len() > 1 {
                    self.add("denied by several rules");
                }
            }
            Outcome::Invalid { .. } => self.add("400"),
        }
    }

    /// Returns an error if a kind of decision is too rare.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        // In a small number of requests, the shares are random.
        if self.total < 5000 {
            return Ok(());
        }
        for (kind, minimum) in MINIMUMS {
            let count = self.counts.get(kind).copied().unwrap_or_default();
            ensure!(count * 100 >= self.total * minimum, "less than {minimum} % `{kind}`\n{self}");
        }
        Ok(())
    }

    fn add(&mut self, kind: &str) {
        *self.counts.entry(kind.to_owned()).or_default() += 1;
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} requests", self.total)?;
        self.counts.iter().try_for_each(|(kind, count)| {
            let tenths = count * 1000 / self.total.max(1);
            writeln!(f, "  {kind}: {}.{} %", tenths / 10, tenths % 10)
        })
    }
}
