//! The settings of the receiver: what the template tells it, in environment variables.
//!
//! What concerns the whole receiver stops the start when it is wrong. What concerns one appliance does not: an item of the list of
//! tokens that cannot be used is left out ([`Config::left_out`]), to be told loudly, and the other appliances are served. What a
//! variable holds is never repeated in an error: where a hash belongs, somebody may have put the token.

use aws::{Variables, process_variable};
use session::ApplianceId;
use telemetry::{LEVELS_EXPECTED, Level, level_named};

pub use aws::ConfigError;

use crate::access::{Access, TokenHash};
use crate::network::Network;

const EVENTS_QUEUE_URL: &str = "EVENTS_QUEUE_URL";
const QUARANTINE_QUEUE_URL: &str = "QUARANTINE_QUEUE_URL";
const APPLIANCE_TOKENS: &str = "APPLIANCE_TOKENS";
const ALLOWED_SOURCE_CIDRS: &str = "ALLOWED_SOURCE_CIDRS";
const LOG_LEVEL: &str = "LOG_LEVEL";
/// Set by Lambda.
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where events go: a FIFO queue.
    pub events_queue_url: String,
    /// Where malformed bodies go: a standard queue.
    pub quarantine_queue_url: String,
    /// Who may call.
    pub access: Access,
    /// The items of the list of tokens that let nobody in.
    pub left_out: Vec<LeftOut>,
    /// The least severe log line that is written whole.
    pub log_level: Level,
    /// What the metrics are told apart by when one account has several stacks. Empty outside Lambda.
    pub function_name: String,
}

/// An item of the list of tokens that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which item, counted from 1.
    pub item: usize,
    /// Whose it is, if that can be read.
    pub appliance: Option<ApplianceId>,
    /// Why it is left out.
    pub reason: Unusable,
}

/// Why an item of the list of tokens lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// No equals sign, or what is before it is no appliance id.
    #[error("it does not begin with an appliance id and an equals sign")]
    NoAppliance,
    /// Nothing after the equals sign.
    #[error("there is no hash after the equals sign (was the shell variable with the hash set?)")]
    NoHash,
    /// Something else than a hash after the equals sign.
    #[error("what follows the equals sign is no SHA-256 in 64 hex digits")]
    NotAHash,
    /// The hash of an empty text.
    #[error("the hash is that of an empty token (was the shell variable with the token set?)")]
    HashOfNothing,
}

impl Unusable {
    /// The reason in one word, for counts.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::NoAppliance => "no_appliance",
            Self::NoHash => "no_hash",
            Self::NotAHash => "not_a_hash",
            Self::HashOfNothing => "hash_of_nothing",
        }
    }
}

const EVENTS_QUEUE_EXPECTED: &str = "the URL of a FIFO queue, which ends in .fifo";
const QUARANTINE_QUEUE_EXPECTED: &str = "the URL of a standard queue, which does not end in .fifo";
const TOKENS_EXPECTED: &str = "<appliance id>=<SHA-256 of its token in 64 hex digits>, separated by commas";
const NETWORKS_EXPECTED: &str =
    "networks in CIDR notation such as 198.51.100.7/32 or 2001:db8::/48, separated by commas, or nothing";

impl Config {
    /// The settings of this process.
    ///
    /// # Errors
    ///
    /// As [`from_variables`](Self::from_variables).
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(process_variable)
    }

    /// The settings that `lookup` describes, variable by variable; an empty value counts as none.
    ///
    /// # Errors
    ///
    /// The first variable that is missing or wrong, and what is expected there.
    pub fn from_variables(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let variables = Variables::new(lookup);
        let (mut access, left_out) = read_tokens(&variables.required(APPLIANCE_TOKENS, TOKENS_EXPECTED)?);
        access.networks = read_networks(&variables.optional(ALLOWED_SOURCE_CIDRS).unwrap_or_default())?;
        Ok(Self {
            events_queue_url: variables.read_required(EVENTS_QUEUE_URL, EVENTS_QUEUE_EXPECTED, |url| queue_url(url, true))?,
            quarantine_queue_url: variables
                .read_required(QUARANTINE_QUEUE_URL, QUARANTINE_QUEUE_EXPECTED, |url| queue_url(url, false))?,
            access,
            left_out,
            log_level: variables.read(LOG_LEVEL, LEVELS_EXPECTED, level_named)?.unwrap_or(Level::INFO),
            function_name: variables.optional(FUNCTION_NAME).unwrap_or_default(),
        })
    }
}

/// The URL, if it is one of a queue of that kind. Swapped queues would refuse every single message.
fn queue_url(url: &str, is_fifo: bool) -> Option<String> {
    let is_url = url.starts_with("https://") || url.starts_with("http://");
    (is_url && url.ends_with(".fifo") == is_fifo).then(|| url.to_owned())
}

/// Who may call, and what was left out of it. An appliance all of whose items are left out is known, and refused.
fn read_tokens(list: &str) -> (Access, Vec<LeftOut>) {
    let mut access = Access::default();
    let mut left_out = Vec::new();
    for (item, text) in items(list) {
        let (id, hex) = text.split_once('=').unwrap_or_default();
        let appliance: Option<ApplianceId> = id.trim().parse().ok();
        access.appliances.extend(appliance.clone());
        match (appliance, read_hash(hex.trim())) {
            (Some(appliance), Ok(hash)) => access.tokens.push((appliance, hash)),
            (None, _) => left_out.push(LeftOut { item, appliance: None, reason: Unusable::NoAppliance }),
            (appliance, Err(reason)) => left_out.push(LeftOut { item, appliance, reason }),
        }
    }
    (access, left_out)
}

fn read_hash(hex: &str) -> Result<TokenHash, Unusable> {
    if hex.is_empty() {
        return Err(Unusable::NoHash);
    }
    let hash = TokenHash::from_hex(hex).ok_or(Unusable::NotAHash)?;
    if hash == TokenHash::of(b"") { Err(Unusable::HashOfNothing) } else { Ok(hash) }
}

fn read_networks(list: &str) -> Result<Vec<Network>, ConfigError> {
    let network = |(item, text): (usize, &str)| {
        text.parse().map_err(|_| ConfigError::InvalidItem { variable: ALLOWED_SOURCE_CIDRS, item, expected: NETWORKS_EXPECTED })
    };
    if list.is_empty() { Ok(Vec::new()) } else { items(list).map(network).collect() }
}

/// The items of a list with commas, counted from 1. An empty item is an item, and a wrong one: a list that came apart
/// must not open the door to all addresses.
fn items(list: &str) -> impl Iterator<Item = (usize, &str)> {
    list.split(',').enumerate().map(|(index, text)| (index + 1, text.trim()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const HASH: &str = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";
    const EMPTY_HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// The settings of a good deployment, but for the given ones.
    fn config(with: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_variables(|variable| {
            let changed = with.iter().find(|(name, _)| *name == variable).map(|(_, value)| (*value).to_owned());
            let usual = match variable {
                EVENTS_QUEUE_URL => "https://sqs.eu-central-1.amazonaws.com/123456789012/events.fifo".to_owned(),
                QUARANTINE_QUEUE_URL => "https://sqs.eu-central-1.amazonaws.com/123456789012/quarantine".to_owned(),
                APPLIANCE_TOKENS => format!("default={HASH}"),
                _ => return changed,
            };
            changed.or(Some(usual))
        })
    }

    #[test]
    fn missing_variable_is_named_with_what_is_expected() {
        for variable in [EVENTS_QUEUE_URL, QUARANTINE_QUEUE_URL, APPLIANCE_TOKENS] {
            let error = config(&[(variable, " ")]).unwrap_err();
            assert!(matches!(error, ConfigError::Missing { variable: named, .. } if named == variable), "{error}");
        }
        insta::assert_snapshot!(config(&[(APPLIANCE_TOKENS, "")]).unwrap_err());
    }

    #[test]
    fn swapped_queues_stop_the_start() {
        for (variable, url) in [
            (EVENTS_QUEUE_URL, "https://sqs.eu-central-1.amazonaws.com/123456789012/quarantine"),
            (QUARANTINE_QUEUE_URL, "https://sqs.eu-central-1.amazonaws.com/123456789012/events.fifo"),
            (EVENTS_QUEUE_URL, "events.fifo"),
            (QUARANTINE_QUEUE_URL, "arn:aws:sqs:eu-central-1:123456789012:quarantine"),
        ] {
            let error = config(&[(variable, url)]).unwrap_err();
            assert!(matches!(error, ConfigError::Invalid { variable: named, .. } if named == variable), "{error}");
        }
    }

    /// What is left out of a list whose first item is good and whose second is that one.
    fn left_out(item: &str) -> LeftOut {
        let config = config(&[(APPLIANCE_TOKENS, &format!("default={HASH},{item},acme.eu={HASH}"))]).unwrap();
        let ids = config.access.tokens.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>();
        assert_eq!(ids, ["default", "acme.eu"], "{item}: the others are served");
        let [left_out] = &config.left_out[..] else { panic!("{item}: {:?}", config.left_out) };
        left_out.clone()
    }

    #[test]
    fn one_bad_item_stops_only_its_own_appliance() {
        for (item, reason) in [
            ("other=".to_owned(), Unusable::NoHash),
            (format!("other={EMPTY_HASH}"), Unusable::HashOfNothing),
            (format!("other={}", EMPTY_HASH.to_uppercase()), Unusable::HashOfNothing),
            ("other=the-token-itself".to_owned(), Unusable::NotAHash),
            (format!("other={HASH}0"), Unusable::NotAHash),
        ] {
            assert_eq!(left_out(&item), LeftOut { item: 2, appliance: "other".parse().ok(), reason }, "{item}");
        }
        for item in ["the-token-itself", "a-b=", "=", &format!("={HASH}"), ""] {
            assert_eq!(left_out(item), LeftOut { item: 2, appliance: None, reason: Unusable::NoAppliance }, "{item}");
        }
    }

    #[test]
    fn appliance_keeps_its_good_token_beside_a_bad_one() {
        let config = config(&[(APPLIANCE_TOKENS, &format!("default=,default={HASH}"))]).unwrap();
        assert_eq!(config.access.tokens.len(), 1);
        assert_eq!(config.left_out.len(), 1);
    }

    #[test]
    fn list_without_one_usable_item_is_a_start_that_lets_nobody_in() {
        for list in ["default=", ",", &format!("default={EMPTY_HASH}"), "the-token-itself"] {
            let config = config(&[(APPLIANCE_TOKENS, list)]).unwrap();
            assert!(config.access.tokens.is_empty() && !config.left_out.is_empty(), "{list}");
            let query = "appliance=default&outbound_event_token=";
            assert!(config.access.admit(query, None).is_err(), "{list}");
        }
    }

    #[test]
    fn reason_never_repeats_what_was_there() {
        for item in ["the-token-itself", "acme=the-token-itself"] {
            assert!(!format!("{:?} {}", left_out(item), left_out(item).reason).contains("the-token-itself"), "{item}");
        }
    }

    #[test]
    fn several_tokens_of_an_appliance_are_read() {
        let tokens = format!("Default={HASH}, default={} ", HASH.to_uppercase());
        let config = config(&[(APPLIANCE_TOKENS, &tokens)]).unwrap();
        let id = |name: &str| name.parse::<ApplianceId>().unwrap();
        assert_eq!(config.access.appliances, ["default"].map(id).into());
        assert_eq!(config.access.tokens, vec![(id("default"), TokenHash::of(b"first")); 2]);
        assert!(config.left_out.is_empty());
    }

    #[test]
    fn networks_are_read_and_a_wrong_one_never_means_any() {
        assert!(config(&[]).unwrap().access.networks.is_empty());
        let networks = config(&[(ALLOWED_SOURCE_CIDRS, "198.51.100.7/32, 2001:db8::/48")]).unwrap().access.networks;
        assert_eq!(networks, ["198.51.100.7/32", "2001:db8::/48"].map(|network| network.parse().unwrap()));
        for list in [",", "198.51.100.7", "198.51.100.7/32,", "any"] {
            assert!(matches!(config(&[(ALLOWED_SOURCE_CIDRS, list)]), Err(ConfigError::InvalidItem { .. })), "{list}");
        }
        insta::assert_snapshot!(config(&[(ALLOWED_SOURCE_CIDRS, "198.51.100.7")]).unwrap_err());
    }

    #[test]
    fn log_level_is_info_unless_said_otherwise() {
        let level = |name| config(&[(LOG_LEVEL, name)]).map(|config| config.log_level);
        assert_eq!(level(""), Ok(Level::INFO));
        assert_eq!(level("error"), Ok(Level::ERROR));
        assert_eq!(level("warn"), Ok(Level::WARN));
        assert_eq!(level("debug"), Ok(Level::DEBUG));
        for wrong in ["trace", "INFO", "verbose"] {
            assert_eq!(level(wrong), Err(ConfigError::Invalid { variable: LOG_LEVEL, expected: LEVELS_EXPECTED }));
        }
    }
}
