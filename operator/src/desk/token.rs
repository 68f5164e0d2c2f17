//! Tokens of the outbound event URL.

use serde::Serialize;
use session::ApplianceId;
use sha2::{Digest as _, Sha256};

/// Random bytes of a token: as many as its hash has is more than anybody can guess.
const TOKEN_BYTES: usize = 24;

/// A token that was just made, and what to do with it.
#[derive(Debug, Serialize)]
pub(crate) struct NewToken {
    /// The token itself: shown once, kept nowhere.
    pub(crate) token: String,
    /// What the stack keeps of it.
    pub(crate) sha256: String,
    /// The command that deploys it beside the tokens that are there already.
    pub(crate) deploy: String,
}

/// A new token for the appliance; `tokens` is the stack's parameter as it is.
pub(crate) fn new(appliance: &ApplianceId, tokens: &str) -> NewToken {
    let token = random_hex(TOKEN_BYTES);
    let sha256 = hex(&Sha256::digest(token.as_bytes()));
    let separator = if tokens.is_empty() { "" } else { "," };
    let deploy = format!("make deploy PARAMETERS='ApplianceTokens={tokens}{separator}{appliance}={sha256}'");
    NewToken { token, sha256, deploy }
}

fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut random).expect("the operating system gives random bytes, or no TLS would work either");
    hex(&random)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
