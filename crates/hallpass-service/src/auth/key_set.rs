//! The published keys of an issuer, fetched on demand and cached.

use std::sync::{Arc, Mutex, PoisonError};

use hallpass_token::UnixSeconds;
use http::Method;
use zeroize::Zeroizing;

use super::claims::Claims;
use super::error::{AuthError, Unauthorized};
use super::jwk::{Jwk, ParsedKeySet};
use crate::platform::{Platform, PublicKey, SLEEP_MILLISECONDS, SignatureAlgorithm};
use crate::web::json::Json;
use crate::web::log::{Level, LogLine, RequestLog};
use crate::web::outbound::{OutboundRequest, SendError};
use crate::web::strings::truncate;
use crate::web::url::is_https_or_loopback;

/// The end of the URL of an issuer's discovery document.
pub(super) const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
/// The age at which cached keys are fetched again. While the issuer is reachable, a revoked key is trusted for at most
/// this long.
const FRESH_SECONDS: u32 = 3600;
/// The maximum age of cached keys while the issuer is unreachable. JWTs that were signed before the outage have usually
/// expired at this age.
const USABLE_SECONDS: u32 = 24 * 3600;
/// The minimum interval between two fetches while usable keys are cached. JWTs with invented key IDs must not flood the
/// issuer with requests.
const FETCH_INTERVAL_SECONDS: u32 = 60;
/// The minimum interval between two fetches while no usable keys are cached. In this state, requests wait for a fetch
/// or are rejected.
const FIRST_FETCH_INTERVAL_SECONDS: u32 = 10;
/// The timeout for fetching one document.
const FETCH_TIMEOUT_SECONDS: u32 = 5;
/// The duration after which a fetch counts as abandoned. By then, the requests for the discovery document and the key
/// set have both timed out.
const ABANDONED_SECONDS: u32 = 2 * FETCH_TIMEOUT_SECONDS + 1;
/// The maximum size of a discovery document or a key set.
const MAX_DOCUMENT_BYTES: usize = 128 * 1024;

/// The published keys of one issuer.
#[derive(Debug)]
pub(super) struct KeySet {
    /// The URL of the key set. If `by_discovery` is true, the URL of the issuer.
    pub(super) url: String,
    /// True if the URL of the key set comes from the issuer's discovery document (OpenID Connect Discovery 1.0 section 4).
    pub(super) by_discovery: bool,
    cache: Mutex<Cache>,
}

/// The time, the platform and the log of the request that requires a key.
pub(super) struct Context<'a> {
    pub(super) now: UnixSeconds,
    pub(super) platform: &'a dyn Platform,
    pub(super) log: &'a RequestLog,
}

#[derive(Debug, Default)]
struct Cache {
    /// The usable keys of the last fetched key set. Empty if the issuer withdrew all usable keys.
    keys: Vec<Jwk>,
    /// The time of the fetch that returned the key set.
    fetched_at: Option<UnixSeconds>,
    /// The time at which the last fetch started.
    requested_at: Option<UnixSeconds>,
    /// True if the last fetch is in progress.
    is_fetching: bool,
}

/// The next step of a request that requires a key.
enum CacheAction {
    Return(Result<Arc<PublicKey>, AuthError>),
    Fetch,
    /// Wait for the fetch that another request started.
    Wait,
}

impl KeySet {
    pub(super) fn new(url: String, by_discovery: bool) -> Self {
        Self { url, by_discovery, cache: Mutex::default() }
    }

    /// Returns the key with this ID. If the key is not cached, fetches the key set, because the issuer may have rotated
    /// its keys. If `claims` are set, the key must be a key of their issuer.
    ///
    /// # Errors
    /// Returns [`AuthError`] if the issuer does not publish such a key, or if the keys cannot be fetched.
    pub(super) async fn key(
        &self,
        key_id: Option<&str>,
        algorithm: SignatureAlgorithm,
        claims: Option<&Claims>,
        context: &Context<'_>,
    ) -> Result<Arc<PublicKey>, AuthError> {
        const MAX_SLEEPS: u32 = ABANDONED_SECONDS * 1000 / SLEEP_MILLISECONDS;
        for _ in 0..MAX_SLEEPS {
            match self.next_action(key_id, algorithm, claims, context.now) {
                CacheAction::Return(result) => return result,
                CacheAction::Fetch => {
                    let fetched = self.fetch(context.platform).await;
                    let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
                    cache.is_fetching = false;
                    match fetched {
                        // The issuer withdraws all cached keys if its key set contains no usable key.
                        Ok(ParsedKeySet { keys, skipped }) => {
                            if keys.is_empty() {
                                context.log.add(self.not_usable(skipped));
                            }
                            (cache.keys, cache.fetched_at) = (keys, Some(context.now));
                        }
                        // After a failed fetch, the cached keys remain in use.
                        Err(reason) => context.log.add(self.not_fetched(reason)),
                    }
                }
                CacheAction::Wait => context.platform.sleep().await,
            }
        }
        Err(AuthError::IssuerUnreachable)
    }

    fn next_action(
        &self,
        key_id: Option<&str>,
        algorithm: SignatureAlgorithm,
        claims: Option<&Claims>,
        now: UnixSeconds,
    ) -> CacheAction {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |since: Option<UnixSeconds>| since.map_or(u32::MAX, |since| now.0.saturating_sub(since.0));
        let is_fetched = age(cache.fetched_at) < USABLE_SECONDS;
        let is_usable = is_fetched && !cache.keys.is_empty();
        let key = if is_usable { Jwk::find(&cache.keys, key_id, algorithm, claims) } else { None };
        let is_fetching = cache.is_fetching && age(cache.requested_at) < ABANDONED_SECONDS;
        let interval = if is_usable { FETCH_INTERVAL_SECONDS } else { FIRST_FETCH_INTERVAL_SECONDS };
        match key {
            Some(key) if is_fetching || age(cache.fetched_at) < FRESH_SECONDS => {
                CacheAction::Return(Ok(Arc::clone(&key.key)))
            }
            None if is_fetching => CacheAction::Wait,
            _ if age(cache.requested_at) >= interval => {
                cache.requested_at = Some(now);
                cache.is_fetching = true;
                CacheAction::Fetch
            }
            Some(key) => CacheAction::Return(Ok(Arc::clone(&key.key))),
            None if is_usable => CacheAction::Return(Err(Unauthorized::UnknownSigningKey.into())),
            None if is_fetched => CacheAction::Return(Err(Unauthorized::NoUsableKey.into())),
            None => CacheAction::Return(Err(AuthError::IssuerUnreachable)),
        }
    }

    /// Fetches the key set. The error is a reason for the log.
    async fn fetch(&self, platform: &dyn Platform) -> Result<ParsedKeySet, String> {
        let document = if self.by_discovery {
            get(&discover(&self.url, platform).await?, platform).await?
        } else {
            get(&self.url, platform).await?
        };
        ParsedKeySet::parse(&document, &|algorithm| platform.supports(algorithm))
            .ok_or_else(|| "the response is not a key set with `keys`".to_owned())
    }

    #[cold]
    fn not_fetched(&self, reason: String) -> LogLine {
        let message = "cannot fetch the signing keys of an issuer";
        let fields = self.log_fields(message, ("reason", reason.into()));
        LogLine::new(Level::Warning, "issuer_keys_not_fetched", fields)
    }

    #[cold]
    fn not_usable(&self, skipped: Vec<Json<'static>>) -> LogLine {
        let message = "the key set of an issuer contains no usable key";
        let fields = self.log_fields(message, ("skipped", skipped.into()));
        LogLine::new(Level::Warning, "issuer_keys_not_usable", fields)
    }

    fn log_fields<'a>(
        &'a self,
        message: &'static str,
        detail: (&'static str, Json<'a>),
    ) -> [(&'static str, Json<'a>); 4] {
        let source = self.url.as_str().into();
        [("message", message.into()), ("source", source), ("by_discovery", self.by_discovery.into()), detail]
    }
}

/// Returns the `jwks_uri` of the issuer's discovery document.
async fn discover(issuer: &str, platform: &dyn Platform) -> Result<String, String> {
    let document = get(&discovery_url(issuer), platform).await?;
    let document = Json::parse(&document).ok();
    let string = |name| document.as_ref().and_then(|document| document.get(name)?.as_str());
    let (Some(name), Some(url)) = (string("issuer"), string("jwks_uri")) else {
        return Err("the response is not a discovery document with `issuer` and `jwks_uri`".to_owned());
    };
    if name != issuer {
        return Err(format!("the discovery document belongs to another issuer: {}", truncate(name)));
    }
    // The discovery document of a public issuer must not refer to a loopback host.
    let is_allowed = url.starts_with("https://") || !issuer.starts_with("https://");
    if is_allowed && is_https_or_loopback(url) {
        Ok(url.to_owned())
    } else {
        Err("the `jwks_uri` is not an https URL".to_owned())
    }
}

/// Returns the URL of an issuer's discovery document.
pub(super) fn discovery_url(issuer: &str) -> String {
    format!("{}{DISCOVERY_PATH}", issuer.trim_end_matches('/'))
}

async fn get(url: &str, platform: &dyn Platform) -> Result<Zeroizing<Vec<u8>>, String> {
    let request = OutboundRequest {
        method: Method::GET,
        url: url.to_owned(),
        headers: vec![("accept", "application/json".to_owned().into())],
        body: Vec::new(),
        max_bytes: MAX_DOCUMENT_BYTES,
        seconds: FETCH_TIMEOUT_SECONDS,
    };
    match platform.send(&request).await {
        Ok(response) if response.status == 200 => Ok(response.body),
        Ok(response) => Err(format!("the issuer responded with status {}", response.status)),
        Err(SendError::TimedOut) => {
            Err(format!("the issuer did not respond within {FETCH_TIMEOUT_SECONDS} s"))
        }
        Err(error) => Err(error.to_string()),
    }
}
