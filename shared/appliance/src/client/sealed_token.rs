//! A token as it may lie outside of a process: encrypted under a key that only who knows the client secret can derive.
//!
//! Whoever can open it could as well ask the appliance for a token; so the place where it lies learns nothing that opens
//! anything. Where that is, and when a token is used, is not known here.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use session::ApplianceId;

/// The first byte. Another layout or another way to derive the key has another one, and is not opened.
const LAYOUT: u8 = 1;

/// Sets keys for this use apart from all others that might be derived from the secret.
const KEY_CONTEXT: &[u8] = b"session-bridge: shared appliance token, layout 1";

/// Bytes of an AES-256 key.
const KEY_BYTES: usize = 32;

/// Bytes of the end of the token's life, milliseconds since 1970, at the head of what is encrypted.
const VALID_UNTIL_BYTES: usize = size_of::<i64>();

/// A token that can be kept where others may look: layout, nonce, then AES-256-GCM of its end and itself.
#[derive(Clone)]
pub struct SealedToken {
    /// The token, encrypted; differs from sealing to sealing.
    pub bytes: Vec<u8>,
    /// When the appliance no longer takes it, to the millisecond. It is sealed, too: who adopts the token goes by that.
    pub valid_until: Timestamp,
}

/// A token in the clear.
pub(super) struct OpenToken {
    pub(super) bearer: SecretString,
    pub(super) valid_until: Timestamp,
}

/// The key of one API account.
pub(super) struct SealingKey(RandomizedNonceKey);

impl SealingKey {
    /// HKDF-SHA-256 of the client secret, for that client. `None` only if the library fails.
    pub(super) fn of(client_id: &str, client_secret: &SecretString) -> Option<Self> {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, KEY_CONTEXT).extract(client_secret.expose_secret().as_bytes());
        let mut key = [0; KEY_BYTES];
        secret.expand(&[client_id.as_bytes()], &AES_256_GCM).ok()?.fill(&mut key).ok()?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).ok().map(Self)
    }

    /// The token, to be opened for the same appliance only. `None` only if the library fails.
    pub(super) fn seal(&self, appliance: &ApplianceId, token: &OpenToken) -> Option<SealedToken> {
        let milliseconds = token.valid_until.as_millisecond();
        let mut text = milliseconds.to_be_bytes().to_vec();
        text.extend_from_slice(token.bearer.expose_secret().as_bytes());
        let nonce = self.0.seal_in_place_append_tag(associated(appliance), &mut text).ok()?;
        let bytes = [&[LAYOUT], nonce.as_ref().as_slice(), &text].concat();
        Some(SealedToken { bytes, valid_until: Timestamp::from_millisecond(milliseconds).ok()? })
    }

    /// The token that was sealed with this key for that appliance; `None` for everything else.
    pub(super) fn open(&self, appliance: &ApplianceId, sealed: &[u8]) -> Option<OpenToken> {
        let rest = sealed.strip_prefix(&[LAYOUT])?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, associated(appliance), &mut text).ok()?;
        let (milliseconds, bearer) = opened.split_first_chunk::<VALID_UNTIL_BYTES>()?;
        let valid_until = Timestamp::from_millisecond(i64::from_be_bytes(*milliseconds)).ok()?;
        Some(OpenToken { bearer: std::str::from_utf8(bearer).ok()?.into(), valid_until })
    }
}

fn associated(appliance: &ApplianceId) -> Aad<&[u8]> {
    Aad::from(appliance.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    const BEARER: &str = "kQ7-invented-bearer.token~0123456789";

    fn key(client_id: &str, secret: &str) -> SealingKey {
        SealingKey::of(client_id, &secret.into()).unwrap()
    }

    fn appliance(id: &str) -> ApplianceId {
        id.parse().unwrap()
    }

    fn token() -> OpenToken {
        OpenToken { bearer: BEARER.into(), valid_until: "2030-03-18T15:02:00.25Z".parse().unwrap() }
    }

    fn sealed() -> SealedToken {
        key("bridge", "s3cret").seal(&appliance("acme"), &token()).unwrap()
    }

    fn bearer(opened: Option<OpenToken>) -> Option<String> {
        opened.map(|token| token.bearer.expose_secret().to_owned())
    }

    #[test]
    fn what_was_sealed_with_the_same_secret_for_the_same_appliance_comes_back() {
        let sealed = sealed();
        assert_eq!(sealed.valid_until, token().valid_until);
        let opened = key("bridge", "s3cret").open(&appliance("acme"), &sealed.bytes).unwrap();
        assert_eq!((opened.bearer.expose_secret(), opened.valid_until), (BEARER, token().valid_until));
    }

    #[test]
    fn sealed_token_shows_nothing_of_the_token_and_is_never_the_same() {
        let (one, other) = (sealed().bytes, sealed().bytes);
        assert!(!one.windows(6).any(|window| BEARER.as_bytes().windows(6).any(|part| part == window)));
        assert_ne!(one[..=NONCE_LEN], other[..=NONCE_LEN], "a nonce was used twice");
        assert_ne!(one[1 + NONCE_LEN..], other[1 + NONCE_LEN..]);
    }

    #[test]
    fn another_secret_client_or_appliance_opens_nothing() {
        let sealed = sealed().bytes;
        let acme = appliance("acme");
        for stranger in [key("bridge", "s3creT"), key("bridge", ""), key("Bridge", "s3cret"), key("bridges", "3cret")] {
            assert_eq!(bearer(stranger.open(&acme, &sealed)), None);
        }
        for other in ["acme2", "acm", "default"] {
            assert_eq!(bearer(key("bridge", "s3cret").open(&appliance(other), &sealed)), None, "{other}");
        }
    }

    #[test]
    fn sealed_token_with_any_byte_changed_missing_or_added_is_not_opened() {
        let (key, acme, sealed) = (key("bridge", "s3cret"), appliance("acme"), sealed().bytes);
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut flipped = sealed.clone();
                flipped[at] ^= 1 << bit;
                assert_eq!(bearer(key.open(&acme, &flipped)), None, "byte {at} bit {bit}");
            }
            assert_eq!(bearer(key.open(&acme, &sealed[..at])), None, "cut at {at}");
        }
        assert_eq!(bearer(key.open(&acme, &[&sealed[..], &[0]].concat())), None);
        assert_eq!(bearer(key.open(&acme, &sealed)).as_deref(), Some(BEARER));
    }

    proptest! {
        #[test]
        fn garbage_is_not_opened(mut garbage in proptest::collection::vec(any::<u8>(), 0..200), first in any::<bool>()) {
            if let (true, Some(byte)) = (first, garbage.first_mut()) {
                *byte = LAYOUT;
            }
            prop_assert_eq!(bearer(key("bridge", "s3cret").open(&appliance("acme"), &garbage)), None);
        }
    }
}
