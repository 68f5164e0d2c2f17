//! The little of `multipart/form-data` (RFC 7578) that an outbound event could use: named text parts, one after the other.
//!
//! No file parts, no nested multipart, no transfer encodings: no source shows the appliance sending multipart at all, it is
//! only not ruled out.

use std::borrow::Cow;

use super::MultipartDefect;

/// The longest boundary that RFC 2046 allows.
const BOUNDARY_LENGTH_MAX: usize = 70;

const DISPOSITION: &[u8] = b"content-disposition:";

/// Whether a body begins as multipart does: a line of two hyphens and a boundary, then a header of a part, or nothing more
/// (cut off).
pub(super) fn looks_like(body: &[u8]) -> bool {
    let Some((delimiter, rest)) = first_line(body) else { return false };
    if !(3..=BOUNDARY_LENGTH_MAX + 2).contains(&delimiter.len()) || !delimiter.starts_with(b"--") {
        return false;
    }
    let header = rest.get(..DISPOSITION.len()).unwrap_or(rest);
    let content = b"content-";
    // Any of the `Content-…` headers may come first; a body cut off within that word counts too.
    header.iter().zip(content).all(|(byte, expected)| byte.eq_ignore_ascii_case(expected))
}

/// Calls `found` with name and value of each named part, in order, for `parts_max` parts at most.
pub(super) fn for_each_variable<'body>(
    body: &'body [u8],
    parts_max: usize,
    mut found: impl FnMut(Cow<'body, str>, Cow<'body, str>),
) -> Result<(), MultipartDefect> {
    let Some((delimiter, mut rest)) = first_line(body) else { return Err(MultipartDefect::CutOff) };
    for _ in 0..parts_max {
        let (part, after) = split_at_delimiter(rest, delimiter).ok_or(MultipartDefect::CutOff)?;
        let (headers, value) = split_headers(part).ok_or(MultipartDefect::NoBlankLine)?;
        if let Some(name) = name_in(headers) {
            found(name, String::from_utf8_lossy(value));
        }
        if after.starts_with(b"--") {
            return Ok(());
        }
        rest = first_line(after).ok_or(MultipartDefect::CutOff)?.1;
    }
    Ok(())
}

/// The first line without its end, and what follows. `None` if there is no line end.
fn first_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = &bytes[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_end(), &bytes[end + 1..]))
}

/// What stands before the next delimiter that begins a line (that line's end belongs to the delimiter), and what follows it.
fn split_at_delimiter<'body>(bytes: &'body [u8], delimiter: &[u8]) -> Option<(&'body [u8], &'body [u8])> {
    let mut line_start = 0;
    loop {
        let line = &bytes[line_start..];
        if let Some(after) = line.strip_prefix(delimiter)
            && ends_a_delimiter(after)
        {
            let part = &bytes[..line_start];
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            return Some((part.strip_suffix(b"\r").unwrap_or(part), after));
        }
        line_start += line.iter().position(|byte| *byte == b'\n')? + 1;
    }
}

/// A longer boundary that begins like ours is not ours.
fn ends_a_delimiter(after: &[u8]) -> bool {
    after.is_empty() || after.starts_with(b"--") || after.first().is_some_and(u8::is_ascii_whitespace)
}

fn split_headers(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut line_start = 0;
    loop {
        let rest = &part[line_start..];
        if let Some(value) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            return Some((&part[..line_start], value));
        }
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => line_start += end + 1,
            // The blank line of a part with an empty value ends with the delimiter's own line end.
            None if rest.is_empty() && line_start > 0 => return Some((part, rest)),
            None => return None,
        }
    }
}

/// The parameter `name` of the part's `Content-Disposition`.
fn name_in(headers: &[u8]) -> Option<Cow<'_, str>> {
    let line = headers
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..DISPOSITION.len()).is_some_and(|start| start.eq_ignore_ascii_case(DISPOSITION)))?;
    line[DISPOSITION.len()..].split(|byte| *byte == b';').find_map(|parameter| {
        let parameter = parameter.trim_ascii();
        let (key, value) = parameter.split_at_checked("name=".len())?;
        key.eq_ignore_ascii_case(b"name=").then(|| String::from_utf8_lossy(unquoted(value)))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").map_or(value, |rest| rest.strip_suffix(b"\"").unwrap_or(rest))
}
