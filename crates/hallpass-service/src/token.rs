//! Minting of tokens: token requests, the policy decision, the signature, and the response.

mod audit;

use hallpass_token::agora::Uid;
use hallpass_token::{Seconds, Ttl, TtlError, UnixSeconds};

pub(crate) use self::audit::{AuditContext, ProviderCall};
use crate::policy::{Evaluator, TokenError};
use crate::providers::{MintContext, Minted, ProviderRequest};
use crate::settings::TtlConfig;
use crate::state::Signing;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::request::RequestContext;

/// A request for one token.
pub(crate) struct TokenRequest<'a> {
    /// The name of a configured project; `None` for the provider's default project.
    pub(crate) project: Option<&'a str>,
    /// The requested lifetime; `None` for the configured default. The configuration and the rules cap the lifetime.
    pub(crate) ttl: Option<RequestedTtl>,
    pub(crate) provider: ProviderRequest<'a>,
}

/// A requested lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestedTtl {
    For(Ttl),
    Until {
        end: UnixSeconds,
        /// The name of the request field with the expiration time. If this time has passed, the error names the field.
        field: &'static str,
    },
}

impl<'a> TokenRequest<'a> {
    /// Returns a request for a token of the provider's default project.
    pub(crate) fn new(ttl: Option<RequestedTtl>, provider: impl Into<ProviderRequest<'a>>) -> Self {
        Self { project: None, ttl, provider: provider.into() }
    }
}

/// Applies the policy to a request, fills in omitted fields, and signs the token.
///
/// # Errors
/// Returns [`TokenError`] if the request is denied or invalid.
pub(crate) fn mint<'a>(
    signing: &'a Signing,
    request: &mut TokenRequest<'a>,
    evaluator: Evaluator<'a>,
    context: &RequestContext<'_>,
) -> Result<Minted<'a>, TokenError> {
    let mint_context = MintContext {
        evaluator,
        project: request.project,
        ttl: ttl(request.ttl, signing.ttl, context.now)?,
        now: context.now,
        salt: context.salt_bytes(),
        random_uid: Uid::from_bytes(context.uid_bytes()),
    };
    request.provider.mint(&signing.providers, &signing.policy, &mint_context)
}

fn ttl(requested: Option<RequestedTtl>, config: TtlConfig, now: UnixSeconds) -> Result<Ttl, FieldError> {
    let ttl = match requested {
        None => config.default,
        Some(RequestedTtl::For(ttl)) => ttl,
        Some(RequestedTtl::Until { end, field }) => match Ttl::new(end.0.saturating_sub(now.0)) {
            Ok(ttl) => ttl,
            Err(TtlError::Zero) => {
                return Err(FieldError::new(field, "must be in the future"));
            }
            Err(TtlError::TooLong(_) | TtlError::UnixTime(_)) => Ttl::MAX,
        },
    };
    Ok(ttl.min(config.max))
}

/// Returns the response to `POST /v1/token`: the token and the granted services.
#[inline(never)]
pub(crate) fn response<'a>(minted: &'a Minted<'_>, request: &'a TokenRequest<'_>) -> Json<'a> {
    let ttl = minted.ttl.seconds();
    let (id_name, id) = minted.id;
    let mut fields = vec![
        ("token", minted.token.as_str().into()),
        ("provider", minted.provider.into()),
        ("version", minted.version.into()),
        ("project", minted.project.into()),
        (id_name, id.into()),
        ("issued_at", minted.issued_at.0.into()),
        ("expires_at", minted.issued_at.saturating_add(ttl).0.into()),
        ("expires_in", ttl.0.into()),
        ("refresh_after", refresh_after(minted.shortest_ttl.seconds()).0.into()),
    ];
    fields.extend(request.provider.services(minted.ttl));
    fields.into()
}

/// Returns the time after which the client should request the next token. This time is four fifths of the lifetime, but
/// at least 45 s before expiration, because the SDKs warn 30 s before expiration. For a short lifetime, the result is
/// half the lifetime, but at least 1 s.
fn refresh_after(ttl: Seconds) -> Seconds {
    const BEFORE_EXPIRATION: u32 = 30 + 15;
    let ttl = ttl.0;
    Seconds((ttl / 5 * 4).min(ttl.saturating_sub(BEFORE_EXPIRATION)).max(ttl / 2).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_an_expiration_time_as_the_lifetime() {
        let [default, max] = [60, 600].map(|seconds| Ttl::new(seconds).unwrap());
        let until = |end| {
            let requested = RequestedTtl::Until { end: UnixSeconds(end), field: "end" };
            ttl(Some(requested), TtlConfig { default, max }, UnixSeconds(1_700_000_000))
        };
        assert_eq!(until(1_700_000_001), Ok(Ttl::new(1).unwrap()));
        for end in [1_700_000_601, 1_700_086_401, u32::MAX] {
            assert_eq!(until(end), Ok(max), "{end}");
        }
        for end in [0, 1_699_999_999, 1_700_000_000] {
            assert!(until(end).is_err(), "{end}");
        }
    }

    #[test]
    fn refreshes_before_the_sdks_warn_if_the_lifetime_exceeds_a_minute() {
        for ttl in 61..=86_400 {
            assert!(refresh_after(Seconds(ttl)).0 < ttl - 30, "{ttl}");
        }
    }
}
