//! Bodies that no case of the list can hold: chunked, contradictory, cut off, or broken.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, ensure};
use hallpass_tests::Setup;
use hallpass_tests::logs::leaks;
use hallpass_tests::target::{EventKind, Lambda, Request, Target as _, Worker};
use hallpass_tests::wait::DEADLINE;

use crate::scratch;

const GOOD_BODY: &[u8] = br#"{"rtc":{"channel":"demo","uid":1234}}"#;
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
const CHUNKED: &str = "Transfer-Encoding: chunked";
const TWO_LENGTHS: &str = "Transfer-Encoding: chunked\r\nContent-Length: 5";
const KIB: usize = 1024;
/// More than the buffers between two processes hold.
const ENDLESS: usize = 64 * KIB * KIB;

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let mut worker = Worker::start(Setup::Open, &scratch("worker-transport")?)?;
    let still_answers = |worker: &mut Worker, after: &str| -> anyhow::Result<()> {
        let response = worker.send(&good_request()).with_context(|| format!("after {after}"))?;
        ensure!(response.status() == 200, "after {after}, a good request got {}", response.status());
        Ok(())
    };

    let good = [head(CHUNKED), chunk(GOOD_BODY), LAST_CHUNK.into()].concat();
    let status = exchange(&worker, &good).context("a good chunked body")?;
    ensure!(status == 200, "a good chunked body got {status}");
    still_answers(&mut worker, "a good chunked body")?;

    // A server may also refuse two lengths as such.
    for (lengths, allowed) in [(CHUNKED, 413..=413), (TWO_LENGTHS, 400..=499)] {
        let large = [head(lengths), chunk(&[b'x'; 20 * KIB]), LAST_CHUNK.into()].concat();
        let status = exchange(&worker, &large).with_context(|| format!("20 KiB with {lengths}"))?;
        ensure!(allowed.contains(&status), "20 KiB with {lengths} got {status}");
        still_answers(&mut worker, lengths)?;

        let (status, sent) =
            stream(&worker, lengths, ENDLESS).with_context(|| format!("64 MiB with {lengths}"))?;
        ensure!(allowed.contains(&status), "64 MiB with {lengths} got {status}");
        ensure!(sent < ENDLESS, "all 64 MiB with {lengths} were taken before the answer");
        println!("{} KiB of 64 MiB with {lengths:?} were sent before the answer {status}", sent / KIB);
        still_answers(&mut worker, lengths)?;
    }

    let mut cut_off = connect(&worker)?;
    cut_off.write_all(&[head("Content-Length: 100").as_slice(), &[b'x'; 10]].concat())?;
    cut_off.shutdown(Shutdown::Write)?;
    // Whether there is an answer to nobody is the server's business.
    let _ = status_of(&cut_off);
    still_answers(&mut worker, "a body that was cut off")?;
    let leaked: Vec<_> = leaks(&worker.log()?).map(str::to_owned).collect();
    ensure!(leaked.is_empty(), "the log holds {leaked:?}");
    Ok(())
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let mut lambda = Lambda::start(EventKind::HttpApi, Setup::Open, &scratch("lambda-transport")?)?;
    let mut event = lambda.event(&good_request())?;
    event["body"] = "%%".into();
    event["isBase64Encoded"] = true.into();
    let response = lambda.invoke(&event)?;
    let problem: serde_json::Value = serde_json::from_slice(response.body())?;
    ensure!(response.status() == 400 && problem["code"] == "body_broken", "{problem}");
    ensure!(lambda.send(&good_request())?.status() == 200, "a good request after it is not answered");
    Ok(())
}

fn good_request() -> Request {
    Request {
        method: "POST".into(),
        target: "/v1/token".into(),
        body: GOOD_BODY.into(),
        ..Request::default()
    }
}

/// The head of a request for a token, with the headers that tell the length of its body.
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

/// Sends a whole request and says the status of its answer.
fn exchange(worker: &Worker, request: &[u8]) -> anyhow::Result<u16> {
    let mut connection = connect(worker)?;
    connection.write_all(request)?;
    status_of(&connection)
}

/// Sends a body in chunks, of this many bytes, or until there is an answer; says its status, and how many bytes the
/// sender had got rid of when it came.
fn stream(worker: &Worker, lengths: &str, bytes: usize) -> anyhow::Result<(u16, usize)> {
    let connection = connect(worker)?;
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut connection = &connection;
            let piece = chunk(&[b'x'; 16 * KIB]);
            let _ = connection.write_all(&head(lengths));
            // The server may hang up once it has answered.
            while sent.load(Ordering::Relaxed) < bytes && connection.write_all(&piece).is_ok() {
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
    let status = line.split(' ').nth(1).with_context(|| format!("no answer, but {line:?}"))?;
    Ok(status.parse()?)
}
