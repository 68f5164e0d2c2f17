//! The X-Ray trace of an invocation, which a message carries on to whoever gets it.

use aws_sdk_sqs::types::MessageSystemAttributeValue;

/// An X-Ray trace header, for the queue to carry on to the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeader(String);

/// A root id such as `Root=1-67d97439-0123456789abcdef01234567`.
const ROOT: &str = "Root=";
const ROOT_GROUPS: [usize; 3] = [1, 8, 24];
const TRACE_HEADER_LENGTH_MAX: usize = 256;

impl TraceHeader {
    /// The header, if it is one. SQS refuses a message whose trace header it does not like, and a trace is not worth an event.
    #[must_use]
    pub fn read(header: &str) -> Option<Self> {
        let is_id = |id: &str| {
            let groups = id.split('-').map(|group| (group.len(), group.bytes().all(|byte| byte.is_ascii_hexdigit())));
            groups.eq(ROOT_GROUPS.map(|length| (length, true)))
        };
        let has_root = header.split(';').any(|field| field.strip_prefix(ROOT).is_some_and(is_id));
        let is_plain = header.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=;:-._".contains(&byte));
        (has_root && is_plain && header.len() <= TRACE_HEADER_LENGTH_MAX).then(|| Self(header.to_owned()))
    }

    pub(crate) fn attribute(&self) -> MessageSystemAttributeValue {
        MessageSystemAttributeValue::builder()
            .data_type("String")
            .string_value(&self.0)
            .build()
            .expect("the data type is the one required member")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_header_is_taken_only_if_well_formed() {
        for header in [
            "Root=1-67d97439-0123456789abcdef01234567",
            "Root=1-67d97439-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1",
            "Self=1-67d97439-0123456789abcdef01234568;Root=1-67d97439-0123456789abcdef01234567;Lineage=1:a87bd80c:1",
        ] {
            assert_eq!(TraceHeader::read(header), Some(TraceHeader(header.to_owned())));
        }
        for header in [
            "",
            "Root=",
            "Root=1-67d97439",
            "Root=1-67d97439-0123456789abcdef0123456g",
            "root=1-67d97439-0123456789abcdef01234567",
            "Root=1-67d97439-0123456789abcdef01234567; Parent=53995c3f42cd8ad8",
            "Root=1-67d97439-0123456789abcdef01234567;x=\u{fffe}",
            &format!("Root=1-67d97439-0123456789abcdef01234567;x={}", "x".repeat(TRACE_HEADER_LENGTH_MAX)),
        ] {
            assert_eq!(TraceHeader::read(header), None, "{header}");
        }
    }
}
