//! The published keys of one issuer: fetched when they are needed, and kept.

use std::sync::{Arc, Mutex, PoisonError};

use hallpass_token::UnixSeconds;
use http::Method;
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::error::{AuthError, Unauthorized};
use super::jwk::{self, Jwk};
use crate::platform::{Platform, PublicKey, SLEEP_MILLISECONDS};
use crate::web::json::Json;
use crate::web::log::{Level, LogLine, RequestLog};
use crate::web::outbound::{OutboundRequest, SendError};
use crate::web::text::quote;
use crate::web::url::is_safe;

/// Keys of this age are fetched again, so that a key that the issuer has withdrawn is not trusted for long.
const FRESH_SECONDS: u32 = 3600;
/// If the issuer is unreachable, keys up to this age are used; by then its last tokens have expired.
const USABLE_SECONDS: u32 = 24 * 3600;
/// The least time between two fetches, so that tokens with made-up key ids cannot make the service flood the issuer.
const BETWEEN_FETCHES_SECONDS: u32 = 60;
/// The least time between two fetches while there are no keys, and all requests wait for the first ones.
const BETWEEN_FIRST_FETCHES_SECONDS: u32 = 10;
/// How long to wait for one document.
const FETCH_SECONDS: u32 = 5;
/// A fetch that takes longer was abandoned along with its request: both documents have timed out.
const ABANDONED_SECONDS: u32 = 2 * FETCH_SECONDS + 1;
/// The most bytes of a document of the issuer.
const MAX_DOCUMENT_BYTES: usize = 128 * 1024;

/// The published keys of one issuer.
#[derive(Debug)]
pub(super) struct KeySet {
    /// The URL of the keys or of the issuer.
    pub(super) url: String,
    /// Whether the issuer's discovery document names the URL of the keys (OpenID Connect Discovery 1.0 section 4).
    pub(super) by_discovery: bool,
    cache: Mutex<Cache>,
}

/// The time, the platform and the log of the request that needs a key.
pub(super) struct Context<'a> {
    pub(super) now: UnixSeconds,
    pub(super) platform: &'a dyn Platform,
    pub(super) log: &'a RequestLog,
}

#[derive(Debug, Default)]
struct Cache {
    keys: Vec<Jwk>,
    /// When these keys were fetched.
    fetched_at: Option<UnixSeconds>,
    /// When the last fetch began.
    requested_at: Option<UnixSeconds>,
    /// Whether the last fetch has not ended.
    is_fetching: bool,
}

/// How to serve a request that needs a key.
enum CacheAction {
    Return(Result<Arc<PublicKey>, AuthError>),
    Fetch,
    /// Another request is fetching.
    Wait,
}

impl KeySet {
    pub(super) fn new(url: String, by_discovery: bool) -> Self {
        Self { url, by_discovery, cache: Mutex::default() }
    }

    /// Returns the key with this id. If it is not cached, the keys are fetched, because the issuer may have replaced them.
    pub(super) async fn key(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
        context: &Context<'_>,
    ) -> Result<Arc<PublicKey>, AuthError> {
        const MAX_SLEEPS: u32 = ABANDONED_SECONDS * 1000 / SLEEP_MILLISECONDS;
        for _ in 0..MAX_SLEEPS {
            match self.next_action(key_id, algorithm, context.now) {
                CacheAction::Return(result) => return result,
                CacheAction::Fetch => {
                    let fetched = self.fetch(context.platform).await;
                    let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
                    cache.is_fetching = false;
                    match fetched {
                        Ok(keys) => (cache.keys, cache.fetched_at) = (keys, Some(context.now)),
                        // The previous keys stay.
                        Err(reason) => context.log.add(self.log_line(reason)),
                    }
                }
                CacheAction::Wait => context.platform.sleep().await,
            }
        }
        Err(AuthError::IssuerUnreachable)
    }

    fn next_action(&self, key_id: Option<&str>, algorithm: Algorithm, now: UnixSeconds) -> CacheAction {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |since: Option<UnixSeconds>| since.map_or(u32::MAX, |since| now.0.saturating_sub(since.0));
        let is_usable = !cache.keys.is_empty() && age(cache.fetched_at) < USABLE_SECONDS;
        let key = if is_usable { Jwk::find(&cache.keys, key_id, algorithm) } else { None };
        let is_fetching = cache.is_fetching && age(cache.requested_at) < ABANDONED_SECONDS;
        let between = if is_usable { BETWEEN_FETCHES_SECONDS } else { BETWEEN_FIRST_FETCHES_SECONDS };
        match key {
            Some(key) if is_fetching || age(cache.fetched_at) < FRESH_SECONDS => {
                CacheAction::Return(Ok(Arc::clone(&key.key)))
            }
            None if is_fetching => CacheAction::Wait,
            _ if age(cache.requested_at) >= between => {
                cache.requested_at = Some(now);
                cache.is_fetching = true;
                CacheAction::Fetch
            }
            Some(key) => CacheAction::Return(Ok(Arc::clone(&key.key))),
            None if is_usable => CacheAction::Return(Err(Unauthorized::UnknownSigningKey.into())),
            None => CacheAction::Return(Err(AuthError::IssuerUnreachable)),
        }
    }

    /// Returns the usable keys, or the reason for the log.
    async fn fetch(&self, platform: &dyn Platform) -> Result<Vec<Jwk>, String> {
        let document = if self.by_discovery {
            get(&discover(&self.url, platform).await?, platform).await?
        } else {
            get(&self.url, platform).await?
        };
        jwk::parse(&document).ok_or_else(|| "no key for RS256, ES256 or EdDSA".to_owned())
    }

    fn log_line(&self, reason: String) -> LogLine {
        let fields = [
            ("message", "the keys of an issuer could not be fetched".into()),
            ("source", self.url.as_str().into()),
            ("by_discovery", self.by_discovery.into()),
            ("reason", reason.into()),
        ];
        LogLine::new(Level::Warning, "issuer_keys_not_fetched", fields)
    }
}

/// Returns the URL of the keys that the issuer's discovery document names.
async fn discover(issuer: &str, platform: &dyn Platform) -> Result<String, String> {
    let document = get(&discovery_url(issuer), platform).await?;
    let document = Json::parse(&document).ok();
    let text = |name| document.as_ref().and_then(|document| document.get(name)?.as_str());
    let (Some(name), Some(url)) = (text("issuer"), text("jwks_uri")) else {
        return Err("no discovery document".to_owned());
    };
    if name != issuer {
        return Err(format!("the discovery document of another issuer: {}", quote(name)));
    }
    // The document of a public issuer must not lead to this machine.
    let is_allowed = url.starts_with("https://") || !issuer.starts_with("https://");
    if is_allowed && is_safe(url) {
        Ok(url.to_owned())
    } else {
        Err("a `jwks_uri` that is not https".to_owned())
    }
}

/// Returns the URL of an issuer's discovery document.
pub(super) fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

async fn get(url: &str, platform: &dyn Platform) -> Result<Zeroizing<Vec<u8>>, String> {
    let request = OutboundRequest {
        method: Method::GET,
        url: url.to_owned(),
        headers: vec![("accept", "application/json".to_owned().into())],
        body: Vec::new(),
        max_bytes: MAX_DOCUMENT_BYTES,
        seconds: FETCH_SECONDS,
    };
    match platform.send(&request).await {
        Ok(response) if response.status == 200 => Ok(response.body),
        Ok(response) => Err(format!("an answer with status {}", response.status)),
        Err(SendError::TimedOut) => Err(format!("no answer within {FETCH_SECONDS} s")),
        Err(error) => Err(error.to_string()),
    }
}
