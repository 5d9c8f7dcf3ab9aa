//! A JavaScript Worker that has the same input and output as Hallpass but mints no token.

use anyhow::{Result, ensure};

use super::subject::{FLOOR, Settings, Started, Subject};
use crate::http::{Request, Response};

/// Headers whose values differ between responses.
const OWN_HEADERS: [&str; 3] = ["content-length", "connection", "x-request-id"];

/// Returns the Worker. For each method, its responses have the same headers and size as Hallpass's response to the first
/// request with this method.
///
/// # Errors
/// Returns an error if Hallpass does not respond with 200.
pub(super) fn subject(hallpass: &Started, requests: &[Request]) -> Result<Subject> {
    let mut settings = Settings::new();
    for request in requests {
        let name = format!("RESPONSE_{}", request.method());
        if settings.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let response = request.send(hallpass.port)?;
        ensure!(
            response.status == 200,
            "{} responded with status {}: {}",
            hallpass.name,
            response.status,
            response.body
        );
        settings.push((name, template(&response)));
    }
    Ok(Subject::script(FLOOR, "floor.js", &settings))
}

/// Returns the headers and size of a response as JSON. Hallpass's headers contain no characters that JSON escapes.
fn template(response: &Response) -> String {
    let headers = response.headers.iter().filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str()));
    let headers: Vec<_> = headers.map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    format!(r#"{{"headers":{{{}}},"bytes":{}}}"#, headers.join(","), response.body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omits_headers_that_differ_between_responses() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![header("content-length", "3"), header("a", "b"), header("x-request-id", "c")];
        let response = Response { status: 200, headers, body: "abc".to_owned() };
        assert_eq!(template(&response), r#"{"headers":{"a":"b"},"bytes":3}"#);
    }
}
