//! What a function is told at its start, in environment variables: read in one place, told apart in one way.
//!
//! Each function's `config.rs` says which variables it needs; the template sets them. What a variable holds is never repeated in an
//! error: where a hash belongs, somebody may have put the token.

/// The value of a variable of this process: what [`Variables::new`] is given outside tests.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one door to the environment")]
pub fn process_variable(name: &'static str) -> Option<String> {
    std::env::var(name).ok()
}

/// Variables by name.
pub struct Variables<F>(F);

/// A variable that is missing or wrong. Not retryable: the deployment must be corrected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable that must be set.
    #[error("the environment variable {variable} is missing or empty; expected: {expected}")]
    Missing {
        /// Its name.
        variable: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// A variable that holds something else.
    #[error("the environment variable {variable} is wrong; expected: {expected}")]
    Invalid {
        /// Its name.
        variable: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// A list of which one item is something else.
    #[error("item {item} of the environment variable {variable} is wrong; expected: {expected}")]
    InvalidItem {
        /// Its name.
        variable: &'static str,
        /// Which item, counted from 1.
        item: usize,
        /// What it should be.
        expected: &'static str,
    },
}

impl<F: Fn(&'static str) -> Option<String>> Variables<F> {
    /// The variables that `lookup` knows: [`process_variable`], or a test's own.
    #[must_use]
    pub const fn new(lookup: F) -> Self {
        Self(lookup)
    }

    /// What the variable holds, without the white space around it; `None` if it is not set or blank.
    #[must_use]
    pub fn optional(&self, variable: &'static str) -> Option<String> {
        (self.0)(variable).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// What the variable holds; `expected` says what that should be.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if it is not set or blank.
    pub fn required(&self, variable: &'static str, expected: &'static str) -> Result<String, ConfigError> {
        self.optional(variable).ok_or(ConfigError::Missing { variable, expected })
    }

    /// What `read` makes of the variable, if it is set.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`] if `read` makes nothing of it.
    pub fn read<T>(
        &self,
        variable: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.optional(variable) else { return Ok(None) };
        read(&text).map(Some).ok_or(ConfigError::Invalid { variable, expected })
    }

    /// As [`read`](Self::read), of a variable that must be set.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] if it is not set or blank, else as [`read`](Self::read).
    pub fn read_required<T>(
        &self,
        variable: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        read(&self.required(variable, expected)?).ok_or(ConfigError::Invalid { variable, expected })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const DAYS: &str = "a whole number of days";

    fn days(value: &'static str) -> Result<Option<u32>, ConfigError> {
        Variables::new(|_| Some(value.to_owned())).read("LEDGER_DAYS", DAYS, |text| text.parse().ok())
    }

    #[test]
    fn blank_variable_counts_as_none() {
        for value in ["", " ", "\n"] {
            assert_eq!(days(value), Ok(None));
            let missing = Variables::new(|_| Some(value.to_owned())).required("LEDGER_DAYS", DAYS).unwrap_err();
            assert_eq!(missing, ConfigError::Missing { variable: "LEDGER_DAYS", expected: DAYS });
        }
        assert_eq!(Variables::new(|_| None).optional("LEDGER_DAYS"), None);
    }

    #[test]
    fn wrong_value_is_told_by_the_variable_and_what_is_expected_and_never_repeated() {
        assert_eq!(days(" 400\n"), Ok(Some(400)));
        let error = days("the-token-itself").unwrap_err();
        assert_eq!(error, ConfigError::Invalid { variable: "LEDGER_DAYS", expected: DAYS });
        assert!(!error.to_string().contains("the-token-itself"));
    }
}
