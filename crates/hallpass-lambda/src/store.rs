//! Where the secrets of a deployment are.

use hallpass_service::{Secrets, StoreError};
use zeroize::Zeroizing;

/// Gives secrets by name. It may block: whoever asks has nothing else to do.
pub trait Store {
    /// Those of these names that there are.
    ///
    /// # Errors
    /// [`StoreError`] where none can be read.
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError>;
}

impl Store for Box<dyn Store> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        self.as_ref().secrets(names)
    }
}

/// Secrets that are settings: environment variables, on a developer's machine.
#[derive(Debug)]
pub struct Variables<F>(pub F);

impl<F: Fn(&str) -> Option<String>> Store for Variables<F> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let secret = |name: &&str| Some(((*name).to_owned(), Zeroizing::new((self.0)(name)?)));
        Ok(Secrets::permanent(names.iter().filter_map(secret)))
    }
}
