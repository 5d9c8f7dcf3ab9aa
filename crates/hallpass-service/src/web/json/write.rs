//! From tree to text, byte for byte as serde_json writes it.

use super::Json;

impl Json<'_> {
    /// Returns the value as JSON text.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::with_capacity(512);
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => text.push_str(&number.to_string()),
            Self::String(string) => write_string(string, text),
            Self::Array(items) => {
                let mut before = '[';
                for item in items {
                    text.push(before);
                    before = ',';
                    item.write(text);
                }
                text.push_str(if items.is_empty() { "[]" } else { "]" });
            }
            Self::Object(fields) => {
                let mut before = '{';
                for (name, value) in fields {
                    text.push(before);
                    before = ',';
                    write_string(name, text);
                    text.push(':');
                    value.write(text);
                }
                text.push_str(if fields.is_empty() { "{}" } else { "}" });
            }
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for run in string.split_inclusive(is_escaped) {
        let plain = run.trim_end_matches(is_escaped);
        text.push_str(plain);
        match run.as_bytes().get(plain.len()) {
            None => {}
            Some(byte @ (b'"' | b'\\')) => text.extend(['\\', char::from(*byte)]),
            Some(b'\n') => text.push_str("\\n"),
            Some(b'\r') => text.push_str("\\r"),
            Some(b'\t') => text.push_str("\\t"),
            Some(8) => text.push_str("\\b"),
            Some(12) => text.push_str("\\f"),
            Some(byte) => text.push_str(&format!("\\u{byte:04x}")),
        }
    }
    text.push('"');
}

const fn is_escaped(c: char) -> bool {
    matches!(c, '"' | '\\' | '\0'..='\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_serde_json_writes() {
        let characters: String = ('\0'..='\u{ff}').chain(['\u{2028}', '\u{fffd}', '\u{10ffff}']).collect();
        let twice = format!("{characters}\n\n\"\"{characters}\"\u{0}\u{0}");
        let numbers =
            "[0,18446744073709551615,-9223372036854775808,1.5,-0.0,1e300,1e-7,123456789012345680000.0]";
        let document = Json::object([
            ("null", Json::Null),
            ("booleans", vec![Json::from(true), false.into()].into()),
            ("numbers", Json::parse(numbers.as_bytes()).unwrap()),
            ("strings", vec![characters.as_str(), &twice, "", "\"", "a\\"].into()),
            ("empty", vec![Json::object([]), Vec::<Json<'_>>::new().into()].into()),
            ("\"\n", 1.into()),
        ]);
        assert_eq!(document.to_text(), serde_json::to_string(&document).unwrap());
    }
}
