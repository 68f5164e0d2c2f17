//! The settings of the poller: what the template tells it, in environment variables.

use std::collections::BTreeSet;

use aws::{Variables, process_variable};
use delivery::Pace;
use session::ApplianceId;
use telemetry::{LEVELS_EXPECTED, Level, level_named};

pub use aws::ConfigError;

/// The settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The queue that the sessions go to.
    pub events_queue_url: String,
    /// The ledger's table.
    pub ledger_table: String,
    /// How long the ledger remembers a session; days.
    pub ledger_days: u32,
    /// What the names of connection documents begin with.
    pub connection_prefix: String,
    /// The connections of the stack.
    pub appliances: BTreeSet<ApplianceId>,
    /// The topic that people are told through; `None`: the log only.
    pub alarm_topic: Option<String>,
    /// How fast time runs: how long a document is used before it is read again.
    pub pace: Pace,
    /// What this function is called; the metrics of stacks are told apart by it.
    pub function_name: String,
    /// The least severe log line that is written whole.
    pub log_level: Level,
}

const URL_EXPECTED: &str = "the URL of a queue";
const TABLE_EXPECTED: &str = "the name of the ledger's table";
const PREFIX_EXPECTED: &str = "what the names of the secrets with connection documents begin with";
const DAYS_EXPECTED: &str = "a whole number of days";
const PACE_EXPECTED: &str = "a whole number of percent, 1 to 100";
const TOKENS_EXPECTED: &str = "a list of <appliance id>=<sha256>";

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
        let pace = |text: &str| text.parse().ok().and_then(Pace::from_percent);
        Ok(Self {
            events_queue_url: variables.required("EVENTS_QUEUE_URL", URL_EXPECTED)?,
            ledger_table: variables.required("LEDGER_TABLE", TABLE_EXPECTED)?,
            ledger_days: variables.read_required("LEDGER_DAYS", DAYS_EXPECTED, |text| text.parse().ok())?,
            connection_prefix: variables.required("CONNECTION_PREFIX", PREFIX_EXPECTED)?,
            appliances: ids(&variables.required("APPLIANCE_TOKENS", TOKENS_EXPECTED)?),
            alarm_topic: variables.optional("ALARM_TOPIC_ARN"),
            pace: variables.read("RETRY_PACE_PERCENT", PACE_EXPECTED, pace)?.unwrap_or_default(),
            function_name: variables.optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "poller".to_owned()),
            log_level: variables.read("LOG_LEVEL", LEVELS_EXPECTED, level_named)?.unwrap_or(Level::INFO),
        })
    }
}

/// The appliances of a list as `<id>=<hash>,<id>=<hash>`, each once. The hashes are the receiver's and not looked at; an item that names
/// no appliance is left out, which the receiver tells of.
fn ids(appliance_tokens: &str) -> BTreeSet<ApplianceId> {
    let items = appliance_tokens.split(',').filter_map(|item| item.split_once('='));
    items.filter_map(|(id, _)| id.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn with(changed: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::from_variables(|name| {
            let usual = match name {
                "LEDGER_DAYS" => "400",
                "APPLIANCE_TOKENS" => "default=ab,Acme.eu=cd,acme.eu=ef, spaced=,=,a-b=ab,default",
                "RETRY_PACE_PERCENT" | "LOG_LEVEL" | "ALARM_TOPIC_ARN" => "",
                _ => "x",
            };
            Some(if name == changed { value } else { usual }.to_owned())
        })
    }

    #[test]
    fn each_bad_variable_is_named() {
        for variable in ["EVENTS_QUEUE_URL", "LEDGER_TABLE", "CONNECTION_PREFIX", "APPLIANCE_TOKENS"] {
            assert!(matches!(with(variable, ""), Err(ConfigError::Missing { variable: named, .. }) if named == variable));
        }
        for (variable, value) in [("LEDGER_DAYS", "long"), ("RETRY_PACE_PERCENT", "0"), ("LOG_LEVEL", "loud")] {
            assert!(matches!(with(variable, value), Err(ConfigError::Invalid { variable: named, .. }) if named == variable));
        }
    }

    #[test]
    fn connections_are_those_of_the_stack_by_their_ids_alone_each_once() {
        let config = with("", "").unwrap();
        let ids: Vec<&str> = config.appliances.iter().map(ApplianceId::as_str).collect();
        assert_eq!(ids, ["acme.eu", "default", "spaced"]);
        assert_eq!((config.pace, config.log_level, config.alarm_topic), (Pace::default(), Level::INFO, None));
    }
}
