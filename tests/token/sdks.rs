//! Interoperability with Agora's npm packages: the crate and the packages must parse each other's tokens identically.

mod builders;
mod builders_006;
mod case;
mod deviations;
mod node;
mod reading;

use anyhow::{Context as _, ensure};
use hallpass_token::agora::{AppCertificate, AppId};

use self::case::Case;
use self::deviations::{Comparison, compare};
use self::reading::Reading;

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

#[test]
#[ignore = "needs node and the packages of package.json; `cargo xtask test` runs it"]
fn packages_and_crate_agree() -> anyhow::Result<()> {
    let app_id = AppId::parse(APP_ID)?;
    let certificate = AppCertificate::parse(CERTIFICATE)?;
    let mut cases = builders::all()?;
    cases.extend(builders_006::all()?);

    let theirs: Vec<String> = node::run(cases.iter().map(Case::build_request))?;
    let mut tokens = Vec::new();
    for (case, theirs) in cases.iter().zip(&theirs) {
        tokens.push(case.mint(theirs, &app_id, &certificate).with_context(|| case.name.to_owned())?);
        tokens.push(theirs.clone());
    }
    let both = cases.iter().flat_map(|case| [case, case]);
    let read = node::run(both.zip(&tokens).map(|(case, token)| case.read_request(token)))?;

    let mut failures = Vec::new();
    for ((case, tokens), read) in cases.iter().zip(tokens.chunks(2)).zip(read.chunks(2)) {
        if let Err(error) = check(case, tokens, read, &app_id, &certificate) {
            failures.push(format!("{}: {error:#}", case.name));
        }
    }
    println!("both sides parsed {} tokens of the crate and {} of the packages", cases.len(), theirs.len());
    ensure!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

/// Compares the content of the crate's token and of the package's token. Also checks, for each token, that the crate
/// and the package parse the same content.
fn check(
    case: &Case,
    tokens: &[String],
    read_by_them: &[Reading],
    app_id: &AppId,
    certificate: &AppCertificate,
) -> anyhow::Result<()> {
    let ([ours, theirs], [ours_read, theirs_read]) = (tokens, read_by_them) else {
        anyhow::bail!("expected two tokens and two readings");
    };
    let read = |token| reading::read(token, case, app_id, certificate);
    let (in_ours, in_theirs) = (
        read(ours).context("parsing the crate's token")?,
        read(theirs).context("parsing the package's token")?,
    );
    for (comparison, expected, found) in [
        (Comparison::Content, &in_ours, &in_theirs),
        (Comparison::OurToken, &in_ours, ours_read),
        (Comparison::TheirToken, &in_theirs, theirs_read),
    ] {
        compare(case.name, comparison, expected, found)?;
    }
    Ok(())
}
