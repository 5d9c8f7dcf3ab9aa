//! Output for the user.

/// Prints a line of progress or an error to standard error. Standard output is for results.
#[expect(clippy::print_stderr, reason = "progress and errors are for the user")]
pub(crate) fn print_line(line: impl std::fmt::Display) {
    eprintln!("{line}");
}
