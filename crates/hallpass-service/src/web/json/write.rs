//! Serialization of JSON values. The output is identical to the output of serde_json.

use ryu::Buffer;
use serde_json::Number;

use super::Json;

impl Json<'_> {
    /// Serializes the value.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let mut output = Vec::with_capacity(512);
        self.write(&mut output);
        output
    }

    fn write(&self, output: &mut Vec<u8>) {
        match self {
            Self::Null => output.extend_from_slice(b"null"),
            Self::Bool(true) => output.extend_from_slice(b"true"),
            Self::Bool(false) => output.extend_from_slice(b"false"),
            Self::Number(number) => output.extend_from_slice(format_number(number).as_bytes()),
            Self::String(string) => write_string(string, output),
            Self::Array(items) => {
                output.push(b'[');
                for (position, item) in items.iter().enumerate() {
                    write_separator(position, output);
                    item.write(output);
                }
                output.push(b']');
            }
            Self::Object(fields) => {
                write_object(fields.iter().map(|(name, value)| (name.as_ref(), value)), output);
            }
        }
    }
}

/// Serializes an object with these fields.
pub(crate) fn write_object<'f, 'j: 'f>(
    fields: impl Iterator<Item = (&'f str, &'f Json<'j>)>,
    output: &mut Vec<u8>,
) {
    output.push(b'{');
    for (position, (name, value)) in fields.enumerate() {
        write_separator(position, output);
        write_string(name, output);
        output.push(b':');
        value.write(output);
    }
    output.push(b'}');
}

fn write_separator(position: usize, output: &mut Vec<u8>) {
    if position > 0 {
        output.push(b',');
    }
}

/// Formats a number. Uses ryu with the feature `small`, because its tables are smaller than those of any other
/// formatter for floating-point numbers.
pub(crate) fn format_number(number: &Number) -> String {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), ..) => number.to_string(),
        (None, Some(number), _) => number.to_string(),
        (None, None, float) => {
            let mut buffer = Buffer::new();
            let text = buffer.format_finite(float.unwrap_or_default());
            match text.split_once('e') {
                // Unlike ryu, serde_json also writes the sign of a positive exponent.
                Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
                _ => text.to_owned(),
            }
        }
    }
}

fn write_string(string: &str, output: &mut Vec<u8>) {
    let string = string.as_bytes();
    output.push(b'"');
    // Eight bytes are checked at a time, because most of a response is one token without characters to escape.
    let (words, rest) = string.as_chunks();
    if words.iter().all(|word| is_plain(*word)) && !rest.iter().any(|byte| is_escaped(*byte)) {
        output.extend_from_slice(string);
    } else {
        write_escaped(string, output);
    }
    output.push(b'"');
}

/// Returns whether no byte needs escaping. May return `false` for bytes above 0x7f, although these bytes need no
/// escaping.
const fn is_plain(bytes: [u8; 8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(bytes);
    let is_control = word.wrapping_sub(EACH * 0x20);
    let is_quote = (word ^ (EACH * b'"' as u64)).wrapping_sub(EACH);
    let is_backslash = (word ^ (EACH * b'\\' as u64)).wrapping_sub(EACH);
    (word | is_control | is_quote | is_backslash) & (EACH * 0x80) == 0
}

const fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'\0'..b' ' | b'"' | b'\\')
}

#[cold]
#[inline(never)]
fn write_escaped(string: &[u8], output: &mut Vec<u8>) {
    for byte in string {
        match byte {
            b'\n' => output.extend_from_slice(b"\\n"),
            b'\r' => output.extend_from_slice(b"\\r"),
            b'\t' => output.extend_from_slice(b"\\t"),
            8 => output.extend_from_slice(b"\\b"),
            12 => output.extend_from_slice(b"\\f"),
            b'"' | b'\\' => output.extend_from_slice(&[b'\\', *byte]),
            byte if is_escaped(*byte) => output.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => output.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_same_bytes_as_serde_json() {
        let characters: String = ('\0'..='\u{ff}').chain(['\u{2028}', '\u{fffd}', '\u{10ffff}']).collect();
        let twice = format!("{characters}\n\n\"\"{characters}\"\u{0}\u{0}");
        let numbers =
            "[0,18446744073709551615,-9223372036854775808,1.5,-0.0,1e300,1e-7,1e-4,1e15,1e16,1.2e20]";
        let document = Json::object([
            ("null", Json::Null),
            ("booleans", vec![Json::from(true), false.into()].into()),
            ("numbers", Json::parse(numbers.as_bytes()).unwrap()),
            ("strings", vec![characters.as_str(), &twice, "", "\"", "a\\"].into()),
            ("empty", vec![Json::object([]), Vec::<Json<'_>>::new().into()].into()),
            ("\"\n", 1.into()),
        ]);
        assert_eq!(String::from_utf8(document.to_vec()).unwrap(), serde_json::to_string(&document).unwrap());
    }
}
