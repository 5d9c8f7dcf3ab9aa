//! Strings that a decision creates.

use std::cell::OnceCell;

/// Keeps strings that a decision creates, so that a completed request can borrow them like those of the request.
#[derive(Debug, Default)]
pub(crate) struct Texts(OnceCell<(Box<str>, Box<Texts>)>);

impl Texts {
    pub(crate) fn keep(&self, text: String) -> &str {
        match self.0.get() {
            Some((_, next)) => next.keep(text),
            None => &self.0.get_or_init(|| (text.into(), Box::default())).0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_stays() {
        let texts = Texts::default();
        let kept: Vec<_> = ["a", "b", "c"].map(|text| texts.keep(text.to_owned())).into();
        assert_eq!(kept, ["a", "b", "c"]);
    }
}
