//! Tests that secrets are wiped before their memory is freed. This test is a separate program, because it needs its own
//! global allocator. The allocator searches each block for secrets when the block is freed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::SystemTime;

use anyhow::Context as _;
use hallpass_lambda::{SecretStore, SecretsManager};
use hallpass_service::{Secrets, StoreError};
use hallpass_tests::TimeLimits;
use hallpass_tests::target::{Memory, Request, Target as _};
use hallpass_token::agora::AppCertificate;
use hallpass_token::videosdk::Secret;
use serde_json::json;
use zeroize::Zeroizing;

const FIRST: &str = "c0ffee00c0ffee01c0ffee02c0ffee03";
const SECOND: &str = "c0ffee04c0ffee05c0ffee06c0ffee07";
/// The search string: a common part of all secrets, so that the search also finds fragments of secrets.
const NEEDLE: &[u8] = b"c0ffee0";

struct TrackingAllocator;

#[global_allocator]
static ALLOCATOR: TrackingAllocator = TrackingAllocator;

thread_local! {
    /// The number of blocks that this thread freed while the blocks contained a secret.
    static DIRTY: Cell<usize> = const { Cell::new(0) };
}

#[expect(
    unsafe_code,
    reason = "a global allocator must be unsafe; this one delegates to the system's allocator"
)]
// SAFETY: every call is passed unchanged to the system's allocator. A block is read only while it is allocated.
unsafe impl GlobalAlloc for TrackingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract. The block is zeroed, so that every byte may be read later.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is allocated, has this size, and is initialized.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        if bytes.windows(NEEDLE.len()).any(|window| window == NEEDLE) {
            // The error is ignored, because the counter of an ending thread no longer exists.
            let _: Result<(), thread::AccessError> = DIRTY.try_with(|dirty| dirty.set(dirty.get() + 1));
        }
        // SAFETY: the caller upholds the contract.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Returns the number of blocks that contained a secret when they were freed, while `work` ran.
fn dirty_blocks(work: impl FnOnce()) -> usize {
    DIRTY.set(0);
    work();
    DIRTY.get()
}

#[derive(Clone)]
struct TestStore(Arc<Mutex<&'static str>>);

impl SecretStore for TestStore {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let value = *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Secrets::from_store(
            names.iter().map(|name| ((*name).to_owned(), Zeroizing::new(value.to_owned()))),
        ))
    }
}

#[test]
fn detects_a_string_that_is_not_wiped() {
    assert_eq!(dirty_blocks(|| drop(black_box(FIRST.to_owned()))), 1);
}

#[test]
fn wipes_certificates() {
    let certificate = || black_box(Box::new(AppCertificate::parse(FIRST).unwrap()));
    assert_eq!(dirty_blocks(|| drop(certificate())), 0);
    assert_eq!(dirty_blocks(|| drop(certificate().clone())), 0);
}

#[test]
fn wipes_videosdk_secrets() {
    assert_eq!(dirty_blocks(|| drop(black_box(Box::new(Secret::parse(FIRST).unwrap())))), 0);
}

/// Fetches two secrets. The JSON of the second secret contains escapes. The buffers of `ureq`, `rustls` and
/// `serde_json` cannot be wiped, so only the result is checked.
#[test]
fn wipes_secrets_from_secrets_manager() -> anyhow::Result<()> {
    let escaped = FIRST.replace("c0", "\\u0063\\u0030");
    let store = secrets_manager(&format!(r#"{{"A":"{FIRST}","B":"{escaped}\"","OTHER":"{SECOND}\n"}}"#))?;
    let found = store.get(&["A", "B"], SystemTime::now())?;
    assert_eq!(found.len(), 2);
    assert_eq!(dirty_blocks(|| drop(found)), 0);
    Ok(())
}

/// Starts a server that responds to one call with this secret, and returns a client for it.
fn secrets_manager(secret: &str) -> anyhow::Result<SecretsManager> {
    let body = json!({ "Name": "hallpass", "SecretString": secret }).to_string();
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        let (mut connection, _) = listener.accept()?;
        BufReader::new(&connection).skip_until(b'}')?;
        connection.write_all(response.as_bytes())?;
        // Waits until the client closes the connection.
        connection.read_to_end(&mut Vec::new())
    });
    let setting = |name: &str| {
        let value = match name {
            "HALLPASS_SECRET_ID" => "hallpass",
            "AWS_REGION" => "us-east-1",
            "AWS_ENDPOINT_URL" => &endpoint,
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "AKIDEXAMPLE",
            _ => return None,
        };
        Some(value.to_owned())
    };
    Ok(SecretsManager::from_settings(setting, TimeLimits::Extended.factor())
        .context("Secrets Manager is not configured")??)
}

/// Starts a service, issues tokens, replaces every secret, issues tokens again, and drops the service.
#[test]
fn service_wipes_all_secrets() {
    let document = json!({
        "projects": {
            "default": { "provider": "agora", "app_id": "970CA35de60c44645bbae8a215061b33", "certificates": ["A", "B"] },
            "meet": { "provider": "videosdk", "api_key": "key", "secrets": ["C"] },
        },
        "auth": {
            "open": true,
            "keys": [{ "name": "backend", "secret": "D" }],
            "jwt": [{ "issuer": "https://login.example.com", "audience": "x", "secret": "E" }],
        },
    });
    let dirty = dirty_blocks(|| {
        let store = TestStore(Arc::new(Mutex::new(FIRST)));
        let setting = |name: &str| (name == "HALLPASS_CONFIG").then(|| document.to_string());
        let mut service = Memory::with_store(setting, store.clone());
        for _ in 0..2 {
            for body in [json!({ "rtc": { "channel": "demo" } }), json!({ "videosdk": { "room": "demo" } })] {
                let response = service.send(&Request::post("/v1/token", &body, None)).unwrap();
                assert_eq!(response.status(), 200);
            }
            *store.0.lock().unwrap() = SECOND;
            service.advance_clock(300);
        }
        assert!(service.log().unwrap().contains("secrets_changed"));
    });
    assert_eq!(dirty, 0);
}
