//! JSON with secrets in it, read so that no copy of a value is left behind: one that `serde_json` makes, of a text with an
//! escape or for its error, it does not wipe.

use std::fmt;
use std::str::Chars;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The members of an object, in their order; their values stay where they are. `None` where the JSON is no object.
pub(super) fn members(json: &str) -> Option<Vec<(String, &RawValue)>> {
    // Of anything else the error of `serde_json` would hold a copy.
    if !json.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(json).ok().map(|Members(members)| members)
}

/// What a JSON string says; `None` where the JSON is none.
pub(super) fn text(json: &str) -> Option<Zeroizing<String>> {
    // No escape is shorter than what it stands for, so this does not grow: the piece that it left would not be wiped.
    let mut text = Zeroizing::new(String::with_capacity(json.len()));
    let mut rest = json.strip_prefix('"')?.strip_suffix('"')?.chars();
    while let Some(char) = rest.next() {
        text.push(match char {
            '\\' => escaped(&mut rest)?,
            '"' | '\0'..='\x1f' => return None,
            _ => char,
        });
    }
    Some(text)
}

/// What stands after a backslash.
fn escaped(rest: &mut Chars<'_>) -> Option<char> {
    Some(match rest.next()? {
        itself @ ('"' | '\\' | '/') => itself,
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let unit = code_unit(rest)?;
            if let Some(char) = char::from_u32(u32::from(unit)) {
                return Some(char);
            }
            *rest = rest.as_str().strip_prefix("\\u")?.chars();
            char::decode_utf16([unit, code_unit(rest)?]).next()?.ok()?
        }
        _ => return None,
    })
}

/// Four hexadecimal digits, which are a code unit of UTF-16.
fn code_unit(rest: &mut Chars<'_>) -> Option<u16> {
    let unit = (0..4).try_fold(0, |unit, _| Some((unit << 4) | rest.next()?.to_digit(16)?))?;
    u16::try_from(unit).ok()
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::test_runner::{Config, TestRunner};

    #[test]
    fn a_text_is_what_serde_json_takes_it_for() {
        const PIECES: [&str; 26] = [
            "\\",
            "\"",
            "/",
            "b",
            "f",
            "n",
            "r",
            "t",
            "u",
            "x",
            "\\u",
            "\\\"",
            "\\\\",
            "00e9",
            "004A",
            "d83d",
            "de00",
            "DBFF",
            "DFFF",
            "\\ud83d\\ude00",
            "+041",
            "\u{0}",
            "\u{1f}",
            "\u{7f}",
            "é",
            "😀",
        ];
        let json = vec(select(&PIECES), 0..8).prop_map(|pieces| format!("\"{}\"", pieces.concat()));
        let mut runner = TestRunner::new(Config { cases: 20_000, ..Config::default() });
        let compared = runner.run(&json, |json| {
            let text = text(&json);
            prop_assert_eq!(text.as_ref().map(|it| it.as_str().to_owned()), serde_json::from_str(&json).ok());
            Ok(())
        });
        compared.unwrap();
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for json in ["", "\"", "\"a", "a\"", "a", "null", "1", "[\"a\"]", "{}"] {
            assert_eq!(text(json), None, "{json}");
        }
    }

    #[test]
    fn members_are_kept_in_their_order_and_as_they_are() {
        let found = members(" {\"B\" : [1, 2],\"\\u0041\":\"\\n\",\"B\":null} ").unwrap();
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
        assert_eq!(found, [("B", "[1, 2]"), ("A", "\"\\n\""), ("B", "null")]);
        for json in ["", "null", "\"{}\"", "[{}]", "{", "{\"A\"}", "{\"A\":1,}", "{} {}"] {
            assert!(members(json).is_none(), "{json}");
        }
    }
}
