//! Where AWS is and who we are there, as Lambda tells its functions: in environment variables.

use std::fmt;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::SharedCredentialsProvider;

use crate::timeouts::Timeouts;
use crate::trust;
use crate::variables::{ConfigError, Variables, process_variable};

/// Lambda sets all of them.
const EXPECTED: &str = "what Lambda sets";
const REGION: &str = "AWS_REGION";
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
/// Not set on Lambda; the local system and tests point it at a local AWS.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// Where AWS is, who we are there, and the one HTTP client for all calls. Cheap to clone; clones share the client.
///
/// Its [`Debug`](fmt::Debug) form shows region and endpoint only.
#[derive(Clone)]
pub struct Environment {
    region: String,
    endpoint_url: Option<String>,
    credentials: SharedCredentialsProvider,
    http_client: SharedHttpClient,
}

impl Environment {
    /// The environment of this process. To be called once, while the function starts: the values never change later,
    /// since Lambda ends a process before its credentials expire.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] without region or credentials: no call to AWS can succeed. The session token may be missing
    /// (long-lived credentials have none), and so may the endpoint (it is then AWS's own).
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(process_variable)
    }

    /// The environment that `lookup` describes, variable by variable; an empty value counts as none. For tests and for
    /// tools that run outside Lambda.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment).
    pub fn from_variables(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let variables = Variables::new(lookup);
        let required = |variable| variables.required(variable, EXPECTED);
        let credentials = Credentials::new(
            required(ACCESS_KEY_ID)?,
            required(SECRET_ACCESS_KEY)?,
            variables.optional(SESSION_TOKEN),
            // Unknown to the process; see `from_environment`.
            None,
            "environment",
        );
        Ok(Self {
            region: required(REGION)?,
            endpoint_url: variables.optional(ENDPOINT_URL),
            credentials: SharedCredentialsProvider::new(credentials),
            http_client: trust::http_client(),
        })
    }

    /// The region, as in `eu-central-1`.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// What every client of the SDK is made from: `Client::new(&config)`. All configurations of one environment share its
    /// HTTP client; clients with equal time-outs also share connections.
    #[must_use]
    pub fn sdk_config(&self, timeouts: &Timeouts) -> SdkConfig {
        let mut config = SdkConfig::builder()
            // Pinned: a newer one changes defaults, and those changes are to be read about before they happen.
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(self.http_client.clone())
            .timeout_config(timeouts.timeout_config())
            .retry_config(timeouts.retry_config());
        config.set_endpoint_url(self.endpoint_url.clone());
        config.build()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Environment")
            .field("region", &self.region)
            .field("endpoint_url", &self.endpoint_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn environment(without: &[&str], with: &[(&'static str, &str)]) -> Result<Environment, ConfigError> {
        Environment::from_variables(|variable| {
            let lambda = [(REGION, "eu-central-1"), (ACCESS_KEY_ID, "AKIDEXAMPLE"), (SECRET_ACCESS_KEY, "wJalrXUtn-hidden")];
            let mut variables = with.iter().chain(&lambda).filter(|(name, _)| !without.contains(name));
            variables.find(|(name, _)| *name == variable).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn missing_or_empty_variable_is_named() {
        for variable in [REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY] {
            let missing = ConfigError::Missing { variable, expected: EXPECTED };
            assert_eq!(environment(&[variable], &[]).unwrap_err(), missing);
            assert_eq!(environment(&[], &[(variable, "")]).unwrap_err(), missing);
        }
    }

    #[test]
    fn configuration_says_where_and_how_long() {
        let config = environment(&[], &[]).unwrap().sdk_config(&Timeouts::RECEIVER);
        assert_eq!(config.region().unwrap().as_ref(), "eu-central-1");
        assert_eq!(config.endpoint_url(), None);
        assert_eq!(config.timeout_config().unwrap().operation_timeout(), Some(Timeouts::RECEIVER.operation));
        assert_eq!(config.retry_config().unwrap().max_attempts(), 2);
        assert!(config.http_client().is_some() && config.credentials_provider().is_some());
    }

    #[test]
    fn endpoint_leads_to_a_local_aws_and_an_empty_one_to_the_real() {
        let endpoint = |value| {
            let environment = environment(&[], &[(ENDPOINT_URL, value)]).unwrap();
            environment.sdk_config(&Timeouts::WORKER).endpoint_url().map(str::to_owned)
        };
        assert_eq!(endpoint("http://127.0.0.1:4566"), Some("http://127.0.0.1:4566".to_owned()));
        assert_eq!(endpoint(""), None);
    }

    #[test]
    fn credentials_are_not_printed() {
        let environment = environment(&[], &[(SESSION_TOKEN, "token-hidden")]).unwrap();
        let printed = format!("{environment:?} {:?}", environment.sdk_config(&Timeouts::WORKER));
        assert!(printed.contains("eu-central-1"));
        assert!(!printed.contains("hidden"), "{printed}");
    }
}
