//! The part of Lambda that a function talks to, over loopback: the [`RuntimeApi`] hands out payloads one by one and takes what the
//! function makes of them; a [`Sandbox`] is such an API with the function's process around it. The receiver's tests, the samples'
//! test, the proofs and the benchmark all use it.
//!
//! As on Lambda an environment has one invocation at a time, and its process is ended when the environment ends. Not as on Lambda: no
//! memory limit, the whole machine for each process, and nothing is ever frozen or ended for being idle. It makes no event source
//! mapping; whoever needs one brings it.

pub mod http;
mod runtime_api;
mod sandbox;

pub use runtime_api::{Heard, RuntimeApi, TRACE};
pub use sandbox::{Invocation, Sandbox};

/// The variable in which a function finds its Runtime API.
pub const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// What Lambda sets for every function, besides the Runtime API: a region, the credentials of nobody, and what the function is called.
#[must_use]
pub fn variables(function_name: &str) -> Vec<(&'static str, String)> {
    let variables = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "invented"),
        ("AWS_LAMBDA_FUNCTION_NAME", function_name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ];
    variables.map(|(name, value)| (name, value.to_owned())).into()
}
