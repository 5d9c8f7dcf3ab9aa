//! What holds for all tokens, tried with many that are made up.

// Clippy lets helpers unwrap where it finds this attribute.
#[cfg(test)]
mod properties {
    mod content;
    mod damage;
    mod inputs;
    mod junk;
    mod mint_006;
    mod mint_007;
    mod time;
    mod videosdk;
}
