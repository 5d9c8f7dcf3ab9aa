//! The published keys of one issuer: fetched when they are needed, and kept.

use std::sync::{Arc, Mutex, PoisonError};

use hallpass_token::UnixSeconds;
use http::Method;
use serde_json::json;
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::jwk::{self, Jwk, PublicKey};
use super::unauthorized::Unauthorized;
use crate::log::{Journal, Level, LogLine};
use crate::outbound::{Outgoing, SendError};
use crate::platform::{PAUSE_MILLISECONDS, Platform};
use crate::problem::Problem;
use crate::quote::quote;
use crate::url::is_safe;

/// Keys are fetched again when they are this old, so that one that the issuer has withdrawn is not trusted for long.
const FRESH_SECONDS: u32 = 3600;
/// While the issuer is out of reach, keys of this age are used; by then its last tokens have ended too.
const USABLE_SECONDS: u32 = 24 * 3600;
/// Between two fetches at the least, so that tokens with made-up key ids cannot make us flood the issuer.
const BETWEEN_FETCHES_SECONDS: u32 = 60;
/// The same while there is no key at all, and everybody waits for the first ones.
const BETWEEN_FIRST_FETCHES_SECONDS: u32 = 10;
/// How long one document is waited for.
const FETCH_SECONDS: u32 = 5;
/// A fetch that has not ended by then was given up along with its request: both documents have had their time.
const ABANDONED_SECONDS: u32 = 2 * FETCH_SECONDS + 1;
/// The most bytes of a document of the issuer.
const MAX_DOCUMENT_BYTES: usize = 128 * 1024;

#[derive(Debug)]
pub(super) struct KeySet {
    source: Source,
    state: Mutex<State>,
}

/// Where the keys are published.
#[derive(Debug)]
pub(super) enum Source {
    /// Here.
    Keys(String),
    /// Where the issuer's discovery document says (OpenID Connect Discovery 1.0 section 4).
    Discovery { issuer: String },
}

#[derive(Debug, Default)]
struct State {
    keys: Arc<[Jwk]>,
    /// When these keys came.
    fetched_at: Option<UnixSeconds>,
    /// When they were asked for last.
    asked_at: Option<UnixSeconds>,
    /// The answer to that is still to come.
    is_fetching: bool,
}

/// What to do for a request that needs a key.
enum Step {
    Use(Arc<[Jwk]>),
    Fetch,
    /// Another request is fetching.
    Wait,
    /// There are no keys, and it is too early to ask again.
    GiveUp,
}

impl KeySet {
    pub(super) fn new(source: Source) -> Self {
        Self { source, state: Mutex::default() }
    }

    pub(super) const fn source(&self) -> &Source {
        &self.source
    }

    /// The key of this name. Where it is not among those that are kept, the issuer may have changed its keys.
    ///
    /// # Errors
    /// [`Unauthorized::UnknownSigningKey`]; [`Problem::IssuerUnreachable`] where no keys could be got.
    pub(super) async fn key(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
        now: UnixSeconds,
        platform: &impl Platform,
        journal: &Journal,
    ) -> Result<PublicKey, Problem> {
        const MAX_PAUSES: u32 = ABANDONED_SECONDS * 1000 / PAUSE_MILLISECONDS;
        for _ in 0..MAX_PAUSES {
            match self.step(key_id, algorithm, now) {
                Step::Use(keys) => {
                    let found = Jwk::find(&keys, key_id, algorithm).map(|jwk| jwk.key.clone());
                    return found.ok_or_else(|| Unauthorized::UnknownSigningKey.into());
                }
                Step::Fetch => {
                    let fetched = self.source.fetch(platform).await;
                    if let Err(error) = &fetched {
                        journal.add(self.source.complaint(error));
                    }
                    self.keep(fetched.ok(), now);
                }
                Step::Wait => platform.pause().await,
                Step::GiveUp => break,
            }
        }
        Err(Problem::IssuerUnreachable)
    }

    fn step(&self, key_id: Option<&str>, algorithm: Algorithm, now: UnixSeconds) -> Step {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |since: Option<UnixSeconds>| since.map_or(u32::MAX, |since| now.0.saturating_sub(since.0));
        let is_usable = !state.keys.is_empty() && age(state.fetched_at) < USABLE_SECONDS;
        let is_found = is_usable && Jwk::find(&state.keys, key_id, algorithm).is_some();
        if is_found && age(state.fetched_at) < FRESH_SECONDS {
            return Step::Use(Arc::clone(&state.keys));
        }
        if state.is_fetching && age(state.asked_at) < ABANDONED_SECONDS {
            return if is_found { Step::Use(Arc::clone(&state.keys)) } else { Step::Wait };
        }
        let between = if is_usable { BETWEEN_FETCHES_SECONDS } else { BETWEEN_FIRST_FETCHES_SECONDS };
        if age(state.asked_at) >= between {
            state.asked_at = Some(now);
            state.is_fetching = true;
            return Step::Fetch;
        }
        if is_usable { Step::Use(Arc::clone(&state.keys)) } else { Step::GiveUp }
    }

    /// Keeps what came; where nothing did, what was there before stays.
    fn keep(&self, keys: Option<Vec<Jwk>>, now: UnixSeconds) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_fetching = false;
        if let Some(keys) = keys {
            state.keys = keys.into();
            state.fetched_at = Some(now);
        }
    }
}

/// Why there are no keys.
#[derive(Debug)]
enum SourceError {
    Fetch(SendError),
    /// The answer has another status than 200.
    Status(u16),
    /// The document is no discovery document.
    NoDiscovery,
    /// The discovery document is that of the issuer of this name.
    OtherIssuer(String),
    /// The discovery document leads to where a key could be changed on its way.
    UnsafeUrl,
    /// The document has no key that can be used.
    NoKeys,
}

impl Source {
    async fn fetch(&self, platform: &impl Platform) -> Result<Vec<Jwk>, SourceError> {
        let document = match self {
            Self::Keys(url) => get(url, platform).await?,
            Self::Discovery { issuer } => {
                let url = Self::keys_url(issuer, platform).await?;
                get(&url, platform).await?
            }
        };
        jwk::parse(&document).ok_or(SourceError::NoKeys)
    }

    async fn keys_url(issuer: &str, platform: &impl Platform) -> Result<String, SourceError> {
        #[derive(serde::Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: String,
        }
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document: Document =
            serde_json::from_slice(&get(&url, platform).await?).map_err(|_| SourceError::NoDiscovery)?;
        if document.issuer != issuer {
            return Err(SourceError::OtherIssuer(document.issuer));
        }
        // What a public issuer says must not lead to this machine.
        let is_elsewhere = document.jwks_uri.starts_with("https://") || !issuer.starts_with("https://");
        if is_elsewhere && is_safe(&document.jwks_uri) {
            Ok(document.jwks_uri)
        } else {
            Err(SourceError::UnsafeUrl)
        }
    }

    fn complaint(&self, error: &SourceError) -> LogLine {
        let (source, is_discovery) = match self {
            Self::Keys(url) => (url, false),
            Self::Discovery { issuer } => (issuer, true),
        };
        let reason = match error {
            SourceError::Fetch(SendError::TimedOut) => format!("no answer within {FETCH_SECONDS} s"),
            SourceError::Fetch(error) => error.to_string(),
            SourceError::Status(status) => format!("an answer with status {status}"),
            SourceError::NoDiscovery => "no discovery document".to_owned(),
            SourceError::OtherIssuer(name) => {
                format!("the discovery document of another issuer: {}", quote(name))
            }
            SourceError::UnsafeUrl => "a `jwks_uri` that is not https".to_owned(),
            SourceError::NoKeys => "no key for RS256, ES256 or EdDSA".to_owned(),
        };
        let fields = json!({
            "message": "the keys of an issuer could not be fetched",
            "source": source,
            "by_discovery": is_discovery,
            "reason": reason,
        });
        LogLine::new(Level::Warning, "issuer_keys_not_fetched", &fields)
    }
}

async fn get(url: &str, platform: &impl Platform) -> Result<Zeroizing<Vec<u8>>, SourceError> {
    let request = Outgoing {
        method: Method::GET,
        url: url.to_owned(),
        headers: vec![("accept", "application/json".to_owned().into())],
        body: Vec::new(),
        max_bytes: MAX_DOCUMENT_BYTES,
        seconds: FETCH_SECONDS,
    };
    let answer = platform.send(&request).await.map_err(SourceError::Fetch)?;
    if answer.status == 200 { Ok(answer.body) } else { Err(SourceError::Status(answer.status)) }
}
