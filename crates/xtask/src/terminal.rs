//! Talking to the person at the terminal.

/// Prints progress and errors. Standard output is for results.
#[expect(clippy::print_stderr, reason = "xtask talks to a person")]
pub(crate) fn say(text: impl std::fmt::Display) {
    eprintln!("{text}");
}
