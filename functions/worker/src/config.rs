//! The settings of the worker: what the template tells it, in environment variables.

use aws::{Variables, process_variable};
use delivery::Pace;
use telemetry::{LEVELS_EXPECTED, Level, level_named};

pub use aws::ConfigError;

use crate::silence::Hours;

/// The settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The queue that the events come from: to set how long a message waits.
    pub events_queue_url: String,
    /// The dead-letter queue.
    pub dead_letter_queue_url: String,
    /// The ledger's table.
    pub ledger_table: String,
    /// How long the ledger remembers a session; days.
    pub ledger_days: u32,
    /// What the names of connection documents begin with.
    pub connection_prefix: String,
    /// The topic that people are told through; `None`: the log only.
    pub alarm_topic: Option<String>,
    /// How fast time runs in the ladders.
    pub pace: Pace,
    /// When silence of an appliance is told.
    pub business_hours: Hours,
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
            dead_letter_queue_url: variables.required("DEAD_LETTER_QUEUE_URL", URL_EXPECTED)?,
            ledger_table: variables.required("LEDGER_TABLE", TABLE_EXPECTED)?,
            ledger_days: variables.read_required("LEDGER_DAYS", DAYS_EXPECTED, |text| text.parse().ok())?,
            connection_prefix: variables.required("CONNECTION_PREFIX", PREFIX_EXPECTED)?,
            alarm_topic: variables.optional("ALARM_TOPIC_ARN"),
            pace: variables.read("RETRY_PACE_PERCENT", PACE_EXPECTED, pace)?.unwrap_or_default(),
            business_hours: business_hours(variables.optional("BUSINESS_HOURS").as_deref()),
            function_name: variables.optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "worker".to_owned()),
            log_level: variables.read("LOG_LEVEL", LEVELS_EXPECTED, level_named)?.unwrap_or(Level::INFO),
        })
    }
}

/// A mistake in them is no reason not to deliver events.
fn business_hours(text: Option<&str>) -> Hours {
    match text {
        None | Some("off") => Hours::Off,
        Some(text) => text.parse().map_or_else(Hours::Unreadable, Hours::Of),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn with(changed: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::from_variables(|name| {
            let usual = match name {
                "LEDGER_DAYS" => "400",
                "RETRY_PACE_PERCENT" | "LOG_LEVEL" | "ALARM_TOPIC_ARN" | "BUSINESS_HOURS" => "",
                _ => "x",
            };
            Some(if name == changed { value } else { usual }.to_owned())
        })
    }

    #[test]
    fn each_bad_variable_is_named() {
        let missing = ConfigError::Missing { variable: "LEDGER_TABLE", expected: TABLE_EXPECTED };
        assert_eq!(with("LEDGER_TABLE", "").unwrap_err(), missing);
        for (variable, value) in [("LEDGER_DAYS", "long"), ("RETRY_PACE_PERCENT", "0"), ("LOG_LEVEL", "loud")] {
            assert!(matches!(with(variable, value), Err(ConfigError::Invalid { variable: named, .. }) if named == variable));
        }
    }

    #[test]
    fn hours_that_cannot_be_read_do_not_stop_the_start() {
        let hours = |value| with("BUSINESS_HOURS", value).unwrap().business_hours;
        assert_eq!(hours("Mon-Fri 08:00-18:00 Europe/Bonn"), Hours::Unreadable(crate::business_hours::InvalidHours::Zone));
        assert_eq!(hours("off"), Hours::Off);
        assert!(matches!(hours("Mon-Fri 08:00-18:00 Europe/Berlin"), Hours::Of(_)));
    }

    #[test]
    fn what_may_be_left_out_has_its_default() {
        let config = with("", "").unwrap();
        assert_eq!(config.pace, Pace::default());
        assert_eq!(config.log_level, Level::INFO);
        assert_eq!(config.alarm_topic, None);
        assert_eq!(config.business_hours, Hours::Off);
    }
}
