//! Tests of request bodies that the list of cases cannot contain: chunked, truncated, or malformed bodies, and
//! contradictory lengths.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, ensure};
use hallpass_tests::DeploymentKind;
use hallpass_tests::logs::leaks;
use hallpass_tests::target::{EventKind, Lambda, Request, Target as _, Worker};
use hallpass_tests::wait::DEADLINE;

use crate::scratch;

const VALID_BODY: &[u8] = br#"{"rtc":{"channel":"demo","uid":1234}}"#;
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
const CHUNKED: &str = "Transfer-Encoding: chunked";
const TWO_LENGTHS: &str = "Transfer-Encoding: chunked\r\nContent-Length: 5";
const KIB: usize = 1024;
/// A body size, in bytes, that exceeds the buffers between two processes.
const LARGE_BODY_BYTES: usize = 64 * KIB * KIB;

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let mut worker = Worker::start(DeploymentKind::Open, &scratch("worker-transport")?)?;
    let ensure_responsive = |worker: &mut Worker, after: &str| -> anyhow::Result<()> {
        let response = worker.send(&valid_request()).with_context(|| format!("after {after}"))?;
        ensure!(response.status() == 200, "after {after}, a valid request got {}", response.status());
        Ok(())
    };

    let chunked = [head(CHUNKED), chunk(VALID_BODY), LAST_CHUNK.into()].concat();
    let status = exchange(&worker, &chunked).context("a valid chunked body")?;
    ensure!(status == 200, "a valid chunked body got {status}");
    ensure_responsive(&mut worker, "a valid chunked body")?;

    // A server may also reject contradictory lengths.
    for (lengths, allowed) in [(CHUNKED, 413..=413), (TWO_LENGTHS, 400..=499)] {
        let large = [head(lengths), chunk(&[b'x'; 20 * KIB]), LAST_CHUNK.into()].concat();
        let status = exchange(&worker, &large).with_context(|| format!("20 KiB with {lengths}"))?;
        ensure!(allowed.contains(&status), "20 KiB with {lengths} got {status}");
        ensure_responsive(&mut worker, lengths)?;

        let (status, sent) =
            stream(&worker, lengths, LARGE_BODY_BYTES).with_context(|| format!("64 MiB with {lengths}"))?;
        ensure!(allowed.contains(&status), "64 MiB with {lengths} got {status}");
        ensure!(sent < LARGE_BODY_BYTES, "the server read all 64 MiB with {lengths} before the response");
        println!("{} KiB of 64 MiB with {lengths:?} were sent before the response {status}", sent / KIB);
        ensure_responsive(&mut worker, lengths)?;
    }

    let mut truncated = connect(&worker)?;
    truncated.write_all(&[head("Content-Length: 100").as_slice(), &[b'x'; 10]].concat())?;
    truncated.shutdown(Shutdown::Write)?;
    // The server may respond or close the connection.
    let _ = status_of(&truncated);
    ensure_responsive(&mut worker, "a truncated body")?;
    let leaked: Vec<_> = leaks(&worker.log()?).map(str::to_owned).collect();
    ensure!(leaked.is_empty(), "the log contains {leaked:?}");
    Ok(())
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let mut lambda = Lambda::start(EventKind::HttpApi, DeploymentKind::Open, &scratch("lambda-transport")?)?;
    let mut event = lambda.event(&valid_request())?;
    event["body"] = "%%".into();
    event["isBase64Encoded"] = true.into();
    let response = lambda.invoke(&event)?;
    let problem: serde_json::Value = serde_json::from_slice(response.body())?;
    ensure!(response.status() == 400 && problem["code"] == "body_broken", "{problem}");
    ensure!(
        lambda.send(&valid_request())?.status() == 200,
        "a valid request after the malformed body failed"
    );
    Ok(())
}

fn valid_request() -> Request {
    Request {
        method: "POST".into(),
        target: "/v1/token".into(),
        body: VALID_BODY.into(),
        ..Request::default()
    }
}

/// Returns the head of a token request with these headers for the body's length.
fn head(lengths: &str) -> Vec<u8> {
    format!("POST /v1/token HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n\r\n").into_bytes()
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

fn connect(worker: &Worker) -> anyhow::Result<TcpStream> {
    let connection = TcpStream::connect(worker.address())?;
    connection.set_read_timeout(Some(DEADLINE))?;
    connection.set_write_timeout(Some(DEADLINE))?;
    Ok(connection)
}

/// Sends a complete request and returns the status of the response.
fn exchange(worker: &Worker, request: &[u8]) -> anyhow::Result<u16> {
    let mut connection = connect(worker)?;
    connection.write_all(request)?;
    status_of(&connection)
}

/// Sends a body in chunks until it has this number of bytes or a response arrives. Returns the status, and the number of bytes
/// sent before the response.
fn stream(worker: &Worker, lengths: &str, bytes: usize) -> anyhow::Result<(u16, usize)> {
    let connection = connect(worker)?;
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut connection = &connection;
            let chunk = chunk(&[b'x'; 16 * KIB]);
            let _ = connection.write_all(&head(lengths));
            // The server may close the connection after its response.
            while sent.load(Ordering::Relaxed) < bytes && connection.write_all(&chunk).is_ok() {
                sent.fetch_add(16 * KIB, Ordering::Relaxed);
            }
        });
        let status = status_of(&connection);
        let sent = sent.load(Ordering::Relaxed);
        let _ = connection.shutdown(Shutdown::Both);
        Ok((status?, sent))
    })
}

fn status_of(connection: &TcpStream) -> anyhow::Result<u16> {
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line)?;
    let status = line.split(' ').nth(1).with_context(|| format!("expected a status line, got {line:?}"))?;
    Ok(status.parse()?)
}
