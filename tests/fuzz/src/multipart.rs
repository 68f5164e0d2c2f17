//! The same event as `multipart/form-data`, which no source rules out. Promised: what is promised of a form; and the same variables
//! mean the same event in either.
//!
//! An input whose first byte is ASCII is a body. Any other is a list of variables, from which a form and a multipart body are made.

use appliance::outbound_event::parse;

use crate::{KIB, MIB, Samples, Target, form, split_selector};

/// See the head of this file.
pub const TARGET: Target =
    Target { name: "multipart", run, seeds, words: WORDS, input_bytes_max: 4 * KIB, memory_bytes_max: MIB };

const WORDS: &[&str] = &[
    "Content-Disposition: form-data; name=\"event\"\r\n\r\n",
    "Content-Disposition: form-data; name=\"lsid\"\r\n\r\n",
    "Content-Disposition: form-data; name=\"external_key\"\r\n\r\n",
    "Content-Type: text/plain\r\n",
    "\r\n--SessionBridgeSample7d1f0c52\r\n",
    "\r\n--SessionBridgeSample7d1f0c52--\r\n",
    "\r\n\r\n",
    "support_conference_end",
    "support_conference_member_added",
    "representative",
];

const NAMES: [&str; 8] = ["event", "timestamp", "lsid", "external_key", "type", "user_id", "name", "custom"];
const VARIABLES_MAX: usize = 16;

/// Reads the bytes as a body, or as variables.
pub fn run(input: &[u8]) {
    let (first, rest) = split_selector(input);
    if first.is_ascii() { form::run(input) } else { check_variables(first, rest) }
}

fn check_variables(style: u8, input: &[u8]) {
    let line_end: &[u8] = if style & 1 == 0 { b"\r\n" } else { b"\n" };
    let boundary: &[u8] = if style & 2 == 0 { b"--b" } else { b"--SessionBridgeSample7d1f0c52" };
    let (mut as_form, mut as_multipart) = (String::new(), Vec::new());
    for variable in input.split(|byte| *byte == 0xff).filter(|variable| !variable.is_empty()).take(VARIABLES_MAX) {
        let (name, value) = split_selector(variable);
        let name = NAMES[usize::from(name) % NAMES.len()];
        if value.windows(boundary.len()).any(|part| part == boundary) {
            return;
        }
        as_form.extend([if as_form.is_empty() { "" } else { "&" }, name, "="]);
        as_form.extend(form_urlencoded::byte_serialize(value));
        let header = b"Content-Disposition: form-data; name=\"";
        for part in [boundary, line_end, header, name.as_bytes(), b"\"", line_end, line_end, value, line_end] {
            as_multipart.extend_from_slice(part);
        }
    }
    if as_form.is_empty() {
        return;
    }
    as_multipart.extend_from_slice(boundary);
    as_multipart.extend_from_slice(b"--");
    assert_eq!(parse(&as_multipart), parse(as_form.as_bytes()), "the same variables");
}

fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    let mut seeds = samples.in_folder("outbound", ".multipart");
    for style in 0x80..=0x83 {
        let variables: [&[u8]; 5] =
            [b"\x00support_conference_member_added", b"\x02ab", b"\x031 & 2", b"\x04representative", b"\x0517"];
        seeds.push([&[style], variables.join(&0xff).as_slice()].concat());
    }
    seeds
}
