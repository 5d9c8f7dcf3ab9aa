//! The response to `POST /v1/token`.

use hallpass_token::Seconds;

use super::mint::TokenRequest;
use crate::providers::Minted;
use crate::web::json::Json;

/// Returns the token, and what was granted with it.
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
        ("expires_at", minted.issued_at.plus(ttl).0.into()),
        ("expires_in", ttl.0.into()),
        ("refresh_after", refresh_after(minted.shortest_ttl.seconds()).0.into()),
    ];
    fields.extend(request.provider.services(minted.ttl));
    fields.into()
}

/// Returns when to request the next token: after four fifths of the lifetime, but 15 s before the SDKs warn, which is 30 s
/// before the end. If the lifetime is too short for that, after half of it, and never at once.
fn refresh_after(ttl: Seconds) -> Seconds {
    const BEFORE_END: u32 = 30 + 15;
    let ttl = ttl.0;
    Seconds((ttl / 5 * 4).min(ttl.saturating_sub(BEFORE_END)).max(ttl / 2).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_token_comes_before_the_warning_of_the_sdks_if_the_lifetime_is_longer_than_a_minute() {
        assert_eq!(refresh_after(Seconds(86_400)), Seconds(69_120));
        assert_eq!(refresh_after(Seconds(3600)), Seconds(2880));
        assert_eq!(refresh_after(Seconds(120)), Seconds(75));
        assert_eq!(refresh_after(Seconds(61)), Seconds(30));
        assert_eq!(refresh_after(Seconds(1)), Seconds(1));
        for ttl in 61..=86_400 {
            assert!(refresh_after(Seconds(ttl)).0 < ttl - 30, "{ttl}");
        }
    }
}
