//! What the template tells the worker, in environment variables. The only place that reads them (those of AWS itself
//! are read by the `aws` crate).

use session::delivery::Pace;
use telemetry::{LEVELS_EXPECTED, Level, level_named};

use crate::silence::Hours;

/// What the worker is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The queue that the events come from: to set how long a message waits.
    pub events_queue_url: String,
    /// The queue for events that were given up.
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
    /// The least grave log lines that are written.
    pub log_level: Level,
}

/// Why the worker cannot start.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable is missing or empty.
    #[error("the environment variable {0} is not set; the template sets it")]
    Missing(&'static str),
    /// A variable has a value of the wrong kind.
    #[error("the environment variable {variable} must be {expected}")]
    Invalid {
        /// Which.
        variable: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

impl Config {
    /// The configuration in the process's environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], naming the variable.
    #[expect(clippy::disallowed_methods, reason = "this is the one door to the environment")]
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name| variable(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or(ConfigError::Missing(name));
        Ok(Self {
            events_queue_url: required("EVENTS_QUEUE_URL")?,
            dead_letter_queue_url: required("DEAD_LETTER_QUEUE_URL")?,
            ledger_table: required("LEDGER_TABLE")?,
            ledger_days: number("LEDGER_DAYS", &required("LEDGER_DAYS")?, "a whole number of days")?,
            connection_prefix: required("CONNECTION_PREFIX")?,
            alarm_topic: optional("ALARM_TOPIC_ARN"),
            pace: pace(optional("RETRY_PACE_PERCENT"))?,
            business_hours: business_hours(optional("BUSINESS_HOURS").as_deref()),
            function_name: optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "worker".to_owned()),
            log_level: log_level(optional("LOG_LEVEL"))?,
        })
    }
}

fn number(variable: &'static str, text: &str, expected: &'static str) -> Result<u32, ConfigError> {
    text.parse().map_err(|_| ConfigError::Invalid { variable, expected })
}

fn pace(text: Option<String>) -> Result<Pace, ConfigError> {
    const EXPECTED: &str = "a whole number of percent, 1 to 100";
    let Some(text) = text else { return Ok(Pace::default()) };
    let percent = number("RETRY_PACE_PERCENT", &text, EXPECTED)?;
    Pace::from_percent(percent).ok_or(ConfigError::Invalid { variable: "RETRY_PACE_PERCENT", expected: EXPECTED })
}

/// A mistake in them is no reason not to deliver events.
fn business_hours(text: Option<&str>) -> Hours {
    match text {
        None | Some("off") => Hours::Off,
        Some(text) => text.parse().map_or_else(Hours::Unreadable, Hours::Of),
    }
}

fn log_level(text: Option<String>) -> Result<Level, ConfigError> {
    let invalid = ConfigError::Invalid { variable: "LOG_LEVEL", expected: LEVELS_EXPECTED };
    text.map_or(Some(Level::INFO), |text| level_named(&text)).ok_or(invalid)
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
        assert_eq!(with("LEDGER_TABLE", "").unwrap_err(), ConfigError::Missing("LEDGER_TABLE"));
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
