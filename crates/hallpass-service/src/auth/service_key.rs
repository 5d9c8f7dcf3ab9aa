//! Service keys, the credentials of the app's own servers.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A key that identifies its bearer. Only a hash of the key is kept, so that nothing can disclose the key.
pub(super) struct ServiceKey {
    name: String,
    hash: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} …", self.name)
    }
}

impl ServiceKey {
    pub(super) fn new(name: String, key: &str) -> Self {
        Self { name, hash: Zeroizing::new(Sha256::digest(key).into()) }
    }

    /// Returns the name of the key that equals this string, in a time that does not depend on the string.
    pub(super) fn find<'a>(keys: &'a [Self], text: &str) -> Option<&'a str> {
        let hash: [u8; 32] = Sha256::digest(text).into();
        let mut found = None;
        for key in keys {
            if key.hash.ct_eq(&hash).into() {
                found = Some(key.name.as_str());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_compared_as_a_whole() {
        let text = "0123456789abcdef0123456789abcdef";
        let keys = [ServiceKey::new("backend".into(), text)];
        assert_eq!(ServiceKey::find(&keys, text), Some("backend"));
        let (shorter, longer) = (&text[1..], format!("{text}0"));
        for other in ["", shorter, &longer, &text.replace('f', "e"), &text.to_uppercase()] {
            assert_eq!(ServiceKey::find(&keys, other), None, "{other}");
        }
    }
}
