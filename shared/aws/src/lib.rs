//! How a function reaches AWS: region, credentials and endpoint from the environment, explicit time-outs, one HTTP client.
//!
//! It is the only place that reads the environment ([`process_variable`]) and the clock ([`now`]), and it knows no AWS service: it hands out an
//! [`SdkConfig`], from which every client of the SDK can be made. What else a function is told at its start is read by its own
//! `config.rs`, through [`Variables`].
//!
//! ```no_run
//! # fn main() -> Result<(), aws::ConfigError> {
//! let environment = aws::Environment::from_environment()?;
//! let config = environment.sdk_config(&aws::Timeouts::WORKER);
//! // let table = aws_sdk_dynamodb::Client::new(&config);
//! // let secrets = aws_sdk_secretsmanager::Client::new(&config);
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! There is no `aws-config` here: its chain of profiles, SSO and instance metadata has no use inside Lambda, where the
//! platform puts everything into the environment, and would make every binary larger and every start slower.

mod clock;
mod environment;
mod timeouts;
mod trust;
mod variables;

pub use aws_types::SdkConfig;
pub use clock::{call_time_left, now};
pub use environment::Environment;
pub use timeouts::Timeouts;
pub use variables::{ConfigError, Variables, process_variable};
