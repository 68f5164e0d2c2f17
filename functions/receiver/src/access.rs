//! Who may call: the token in the query, and the address that the call comes from. It looks at nothing else of a call.
//!
//! The answer to a stranger must not help to guess. So an unknown appliance, a wrong token and a wrong address cost the same
//! work, and everything is always looked at: the token is hashed, and its hash compared with every known one in constant
//! time, whoever it belongs to. Only the log says which of them it was.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use session::ApplianceId;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::network::Network;

/// The query parameter that names the appliance. Without it, it is `default`, as with the old plugin.
const APPLIANCE: &str = "appliance";
/// The query parameter that proves it. The name is the one that the vendor's own ServiceNow application uses (vendor reference).
const TOKEN: &str = "outbound_event_token";

/// The SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of that token.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// The hash that 64 hex digits (of either case) write, or `None`.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digits = hex.as_bytes();
        let mut hash = [0; 32];
        if digits.len() != 2 * hash.len() {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(high? * 16 + low?).ok()?;
        }
        Some(Self(hash))
    }
}

/// Hides the value: with a weak token, its hash is as good as the token.
impl std::fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenHash(..)")
    }
}

/// Who may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Every appliance that is known, also those that have no usable token.
    pub appliances: BTreeSet<ApplianceId>,
    /// Hashes and whose they are; several of one appliance while its token is being changed.
    pub tokens: Vec<(ApplianceId, TokenHash)>,
    /// Networks from which a call may come; empty: from anywhere.
    pub networks: Vec<Network>,
}

/// Why a call is refused. For the log and the count only: the answer is the same for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The source address is in none of the networks (or unknown while there are some).
    Source,
    /// `appliance` or `outbound_event_token` is there more than once. Whichever were taken, someone else who reads the same
    /// URL might take the other; and no appliance sends it.
    RepeatedParameter,
    /// No such appliance, or not even an appliance id. What was sent is not kept: it might be a misplaced token.
    UnknownAppliance,
    /// No usable token is known of the appliance, so none can be right.
    WithoutToken(ApplianceId),
    /// No token, or an empty one.
    MissingToken(ApplianceId),
    /// A token that is not one of the appliance's.
    WrongToken(ApplianceId),
}

impl Refusal {
    /// The cause in one word, for log lines and counts.
    #[must_use]
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Source => "source_address",
            Self::RepeatedParameter => "repeated_parameter",
            Self::UnknownAppliance => "unknown_appliance",
            Self::WithoutToken(_) => "without_token",
            Self::MissingToken(_) => "missing_token",
            Self::WrongToken(_) => "wrong_token",
        }
    }

    /// The appliance, where the call named one that we know.
    #[must_use]
    pub const fn appliance(&self) -> Option<&ApplianceId> {
        match self {
            Self::Source | Self::RepeatedParameter | Self::UnknownAppliance => None,
            Self::WithoutToken(appliance) | Self::MissingToken(appliance) | Self::WrongToken(appliance) => Some(appliance),
        }
    }
}

impl Access {
    /// The appliance that calls, proven by its token and its address.
    ///
    /// # Errors
    ///
    /// [`Refusal`], with the first cause in the order of its variants. The same call will be refused again.
    pub fn admit(&self, query: &str, source: Option<IpAddr>) -> Result<ApplianceId, Refusal> {
        let query = Query::read(query);
        let token = query.token.as_deref().unwrap_or_default();
        let appliance = query.appliance();
        let token_is_right = self.holds(appliance.as_ref(), TokenHash::of(token.as_bytes()));

        if !self.is_allowed_source(source) {
            return Err(Refusal::Source);
        }
        if query.is_repeated {
            return Err(Refusal::RepeatedParameter);
        }
        let Some(appliance) = appliance.filter(|id| self.appliances.contains(id)) else {
            return Err(Refusal::UnknownAppliance);
        };
        if !self.tokens.iter().any(|(owner, _)| *owner == appliance) {
            return Err(Refusal::WithoutToken(appliance));
        }
        if token.is_empty() {
            return Err(Refusal::MissingToken(appliance));
        }
        if token_is_right { Ok(appliance) } else { Err(Refusal::WrongToken(appliance)) }
    }

    /// Whether the appliance has that token. Compares with all hashes there are, in a time that says nothing of which.
    fn holds(&self, appliance: Option<&ApplianceId>, presented: TokenHash) -> bool {
        let none = Choice::from(0);
        let found = self.tokens.iter().fold(none, |found, (owner, hash)| {
            let is_owner = Choice::from(u8::from(appliance == Some(owner)));
            found | (is_owner & hash.0.ct_eq(&presented.0))
        });
        found.into()
    }

    fn is_allowed_source(&self, source: Option<IpAddr>) -> bool {
        self.networks.is_empty() || source.is_some_and(|source| self.networks.iter().any(|network| network.contains(source)))
    }
}

/// The two query parameters that matter, percent-decoded. Unknown ones are left alone.
#[derive(Default)]
struct Query {
    appliance: Option<String>,
    token: Option<String>,
    is_repeated: bool,
}

impl Query {
    /// A plus sign is a plus sign: it occurs in base64 tokens, which people paste into a URL as they are, and a blank occurs in
    /// no token that is worth the name.
    fn read(raw: &str) -> Self {
        let raw: Cow<'_, str> = if raw.contains('+') { raw.replace('+', "%2B").into() } else { raw.into() };
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            let earlier = match name.as_ref() {
                APPLIANCE => query.appliance.replace(value.into_owned()),
                TOKEN => query.token.replace(value.into_owned()),
                _ => continue,
            };
            query.is_repeated |= earlier.is_some();
        }
        query
    }

    /// The appliance that the query names, if it can be one.
    fn appliance(&self) -> Option<ApplianceId> {
        match self.appliance.as_deref() {
            None => Some(ApplianceId::default()),
            Some(name) => name.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn id(name: &str) -> ApplianceId {
        name.parse().unwrap()
    }

    fn access() -> Access {
        let tokens = [("default", "first"), ("default", "second"), ("acme.eu", "a+b/c=")];
        Access {
            appliances: ["default", "acme.eu", "tokenless"].map(id).into(),
            tokens: tokens.map(|(owner, token)| (id(owner), TokenHash::of(token.as_bytes()))).into(),
            networks: Vec::new(),
        }
    }

    #[track_caller]
    fn check(query: &str, expected: Result<&str, Refusal>) {
        assert_eq!(access().admit(query, None), expected.map(id), "{query}");
    }

    #[test]
    fn token_missing_empty_or_wrong_is_refused() {
        check("", Err(Refusal::MissingToken(id("default"))));
        check("appliance=default", Err(Refusal::MissingToken(id("default"))));
        check("appliance=default&outbound_event_token=", Err(Refusal::MissingToken(id("default"))));
        check("appliance=default&outbound_event_token=third", Err(Refusal::WrongToken(id("default"))));
        check("appliance=default&outbound_event_token=FIRST", Err(Refusal::WrongToken(id("default"))));
        check("appliance=default&outbound_event_token=first%20", Err(Refusal::WrongToken(id("default"))));
        check("appliance=default&token=first", Err(Refusal::MissingToken(id("default"))));
    }

    #[test]
    fn token_of_another_appliance_is_refused() {
        check("appliance=acme.eu&outbound_event_token=first", Err(Refusal::WrongToken(id("acme.eu"))));
    }

    #[test]
    fn unknown_or_impossible_appliance_is_refused() {
        for name in ["nobody", "", "a-b", "%00", "default%00", "%FF", &"x".repeat(100)] {
            check(&format!("appliance={name}&outbound_event_token=first"), Err(Refusal::UnknownAppliance));
        }
    }

    #[test]
    fn appliance_without_a_usable_token_has_no_way_in() {
        for token in ["", "&outbound_event_token=", "&outbound_event_token=first"] {
            check(&format!("appliance=tokenless{token}"), Err(Refusal::WithoutToken(id("tokenless"))));
        }
    }

    #[test]
    fn nobody_is_let_in_when_nothing_is_known() {
        for query in ["", "outbound_event_token=", "appliance=default&outbound_event_token=first"] {
            assert_eq!(Access::default().admit(query, None), Err(Refusal::UnknownAppliance), "{query}");
        }
    }

    #[test]
    fn repeated_parameter_is_refused_even_with_equal_values() {
        check("outbound_event_token=first&outbound_event_token=first", Err(Refusal::RepeatedParameter));
        check("outbound_event_token=x&outbound_event_token=first", Err(Refusal::RepeatedParameter));
        check("appliance=default&appliance=default&outbound_event_token=first", Err(Refusal::RepeatedParameter));
    }

    #[test]
    fn each_token_of_an_appliance_lets_in() {
        check("outbound_event_token=first", Ok("default"));
        check("appliance=default&outbound_event_token=second", Ok("default"));
    }

    #[test]
    fn appliance_is_compared_without_case() {
        check("appliance=DeFault&outbound_event_token=first", Ok("default"));
        check("appliance=ACME.eu&outbound_event_token=a%2Bb%2Fc%3D", Ok("acme.eu"));
    }

    #[test]
    fn query_is_percent_decoded_and_a_plus_sign_stays_one() {
        check("appliance=%64efault&outbound_event_token=f%69rst", Ok("default"));
        check("appliance=acme.eu&outbound_event_token=a+b/c=", Ok("acme.eu"));
    }

    #[test]
    fn unknown_parameters_are_left_alone() {
        check("x=1&x=2&appliance=default&&=&outbound_event_token=first&y", Ok("default"));
    }

    #[test]
    fn call_from_elsewhere_is_refused_whatever_its_token() {
        let access = Access { networks: vec!["198.51.100.0/24".parse().unwrap(), "2001:db8::/48".parse().unwrap()], ..access() };
        let admit = |source: &str| access.admit("outbound_event_token=first", source.parse().ok());
        assert_eq!(admit("203.0.113.9"), Err(Refusal::Source));
        assert_eq!(admit("2001:db8:1::1"), Err(Refusal::Source));
        assert_eq!(admit("not an address"), Err(Refusal::Source));
        assert_eq!(access.admit("outbound_event_token=wrong", None), Err(Refusal::Source));
        assert_eq!(admit("198.51.100.20"), Ok(id("default")));
        assert_eq!(admit("2001:db8::20"), Ok(id("default")));
    }

    #[test]
    fn hash_is_read_in_either_case_and_nothing_else() {
        let hex = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";
        assert_eq!(TokenHash::from_hex(hex), Some(TokenHash::of(b"first")));
        assert_eq!(TokenHash::from_hex(&hex.to_uppercase()), Some(TokenHash::of(b"first")));
        for wrong in
            ["", "a7", &hex[1..], &format!("{hex}0"), &hex.replace('a', "g"), &hex.replacen("a7", "+7", 1), &"é".repeat(32)]
        {
            assert_eq!(TokenHash::from_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hashes_are_not_printed() {
        assert!(!format!("{:?}", access()).contains("a7937b"));
    }

    proptest! {
        #[test]
        fn nobody_gets_in_without_a_token(query in ".*") {
            prop_assert!(access().admit(&query, None).is_err());
        }

        #[test]
        fn no_other_token_is_taken(token in "[ -~]{0,40}") {
            prop_assume!(token != "first" && token != "second");
            let encoded: String = token.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let query = format!("outbound_event_token={encoded}");
            prop_assert!(access().admit(&query, None).is_err());
        }
    }
}
