//! The body of a call, as Lambda hands it over, and decoded when somebody asks for it.
//!
//! Nobody asks before the caller has proven who it is: six megabytes of a stranger must not cost a decoding. It does not judge
//! what a body holds; [`decide`](mod@crate::decide) does.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The body of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// The bytes that the caller sent.
    Plain(&'a [u8]),
    /// What Lambda says is their base64.
    Base64(&'a [u8]),
}

/// Lambda said base64, and it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("declared as base64, which it is not")]
pub struct Undecodable;

impl<'a> Body<'a> {
    /// The bytes that the caller sent.
    ///
    /// # Errors
    ///
    /// [`Undecodable`]; [`as_it_came`](Self::as_it_came) has the text that was there instead.
    pub fn decode(self) -> Result<Cow<'a, [u8]>, Undecodable> {
        #[cfg(test)]
        decoded::count();
        match self {
            Self::Plain(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::Base64(text) => STANDARD.decode(text).map(Cow::Owned).map_err(|_| Undecodable),
        }
    }

    /// The bytes in the payload, decoded or not.
    #[must_use]
    pub const fn as_it_came(self) -> &'a [u8] {
        match self {
            Self::Plain(bytes) | Self::Base64(bytes) => bytes,
        }
    }
}

/// How many bodies this thread has decoded, for the tests that show when none is.
#[cfg(test)]
pub(crate) mod decoded {
    use std::cell::Cell;

    thread_local! {
        static BODIES: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        BODIES.set(BODIES.get() + 1);
    }

    /// How many it decodes during that work.
    pub(crate) fn during(work: impl FnOnce()) -> usize {
        let before = BODIES.get();
        work();
        BODIES.get() - before
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn broken_base64_is_no_body_and_stays_as_it_came() {
        for broken in ["%%%", "ZXZlbnQ9c3VwcG9ydA=%%%", "ZXZlbnQ", "ZXZl\nbnQ=", "ZXZlbnR=", "é", "="] {
            let body = Body::Base64(broken.as_bytes());
            assert_eq!(body.decode(), Err(Undecodable), "{broken}");
            assert_eq!(body.as_it_came(), broken.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn every_body_comes_out_as_it_was_sent(bytes: Vec<u8>) {
            prop_assert_eq!(&*Body::Plain(&bytes).decode().unwrap(), &bytes);
            let text = STANDARD.encode(&bytes);
            prop_assert_eq!(&*Body::Base64(text.as_bytes()).decode().unwrap(), &bytes);
        }
    }
}
