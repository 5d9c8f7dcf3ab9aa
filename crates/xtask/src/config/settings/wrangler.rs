//! The settings in a wrangler.toml.

use anyhow::{Context as _, Result, bail};
use toml::{Table, Value};

use super::{Values, text_of};

/// Returns the tables of an environment, or the top-level tables. An environment does not inherit variables.
pub(super) fn tables(mut file: Table, environment: Option<&str>) -> Result<Table> {
    let Some(name) = environment else { return Ok(file) };
    let environments = file.get_mut("env").and_then(Value::as_table_mut);
    let table = environments.and_then(|environments| environments.remove(name));
    let table = table.with_context(|| format!("there is no `[env.{name}]`"))?;
    if let Value::Table(table) = table { Ok(table) } else { bail!("`env.{name}` must be a table") }
}

/// Returns the variables. As in wrangler, a string is passed unchanged, and any other value is passed as JSON.
pub(super) fn settings(tables: &Table) -> Result<Values> {
    let vars = match tables.get("vars") {
        None => {
            bail!("there is no `[vars]`. Expected a wrangler.toml, a samconfig.toml or a JSON document")
        }
        Some(Value::Table(vars)) => vars,
        Some(_) => bail!("`vars` must be a table"),
    };
    vars.iter().map(|(name, value)| Ok((name.clone(), text_of(value)?))).collect()
}
