//! Quoting and escaping of untrusted strings in messages.

#[cfg(feature = "inspect")]
use alloc::boxed::Box;
#[cfg(feature = "inspect")]
use alloc::string::String;
use core::fmt::{self, Write};

/// An untrusted string for a message. `Display` prints the string in quotation marks, with invisible characters escaped
/// as in a Rust literal.
///
/// The output equals the output of `{:?}`, except for strings in unusual scripts. This type does not use `{:?}`,
/// because `{:?}` adds 6 KB of Unicode tables from the standard library.
///
/// ```
/// use hallpass_token::Quoted;
///
/// assert_eq!(Quoted("a\n\u{200b}é").to_string(), r#""a\n\u{200b}é""#);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        self.0.chars().try_for_each(|c| write_escaped(c, '"', f))?;
        f.write_char('"')
    }
}

/// An untrusted character for a message. `Display` prints the character in single quotation marks, escaped as in
/// [`Quoted`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotedChar(pub(crate) char);

impl fmt::Display for QuotedChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('\'')?;
        write_escaped(self.0, '\'', f)?;
        f.write_char('\'')
    }
}

fn write_escaped(c: char, mark: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let escape = match c {
        '\0' => '0',
        '\t' => 't',
        '\n' => 'n',
        '\r' => 'r',
        _ if c == '\\' || c == mark => c,
        _ if is_invisible(c) => return write!(f, "\\u{{{:x}}}", u32::from(c)),
        _ => return f.write_char(c),
    };
    f.write_char('\\')?;
    f.write_char(escape)
}

/// Returns whether a character is a control, spacing, private-use or combining character.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{a0}' | '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..)
}

/// The maximum number of characters in an excerpt.
#[cfg(feature = "inspect")]
const MAX_CHARS: usize = 64;

/// Returns the first 64 characters of a string, to keep messages and logs short. If the string is longer, `…` follows.
#[cfg(feature = "inspect")]
pub(crate) fn excerpt(string: &str) -> Box<str> {
    let mut rest = string.chars();
    let mut start: String = rest.by_ref().take(MAX_CHARS).collect();
    if rest.next().is_some() {
        start.push('…');
    }
    start.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn escapes_like_the_standard_library() {
        let scripts =
            ['\0'..='\u{36f}', '\u{2000}'..='\u{206f}', '\u{fe00}'..='\u{fe0f}', '\u{fff9}'..='\u{fffd}'];
        let characters = scripts.into_iter().flatten().chain([
            '中',
            '\u{3000}',
            '\u{61c}',
            '\u{180e}',
            '😀',
            '\u{e001}',
            '\u{10ffff}',
        ]);
        for c in characters {
            assert_eq!(QuotedChar(c).to_string(), format!("{c:?}"));
            let string = format!("a{c}");
            assert_eq!(Quoted(&string).to_string(), format!("{string:?}"));
        }
    }

    #[cfg(feature = "inspect")]
    #[test]
    fn truncates_long_strings() {
        assert_eq!(&*excerpt(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(&*excerpt(&"é".repeat(65)), "é".repeat(64) + "…");
    }
}
