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
    /// The command that deploys it beside the tokens that are there already, in a checkout.
    pub(crate) deploy: String,
}

/// What is known of the stack that is to take the token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deployed<'a> {
    /// Its name.
    pub(crate) stack: &'a str,
    /// Its parameter Architecture.
    pub(crate) architecture: &'a str,
    /// Its parameter ApplianceTokens.
    pub(crate) tokens: &'a str,
}

impl Deployed<'_> {
    /// Whether events of the appliance are let in already.
    pub(crate) fn knows(&self, appliance: &ApplianceId) -> bool {
        let ids = self.tokens.split(',').filter_map(|item| item.split_once('='));
        ids.into_iter().any(|(id, hash)| id.trim().eq_ignore_ascii_case(&appliance.to_string()) && !hash.trim().is_empty())
    }
}

/// A new token for the appliance; `deployed` is the stack as it is, if there is one.
pub(crate) fn new(appliance: &ApplianceId, stack: &str, deployed: Option<Deployed<'_>>) -> NewToken {
    let token = random_hex(TOKEN_BYTES);
    let sha256 = hex(&Sha256::digest(token.as_bytes()));
    NewToken { deploy: deploy_line(appliance, &sha256, stack, deployed), token, sha256 }
}

/// The settings of a stack are a file that `make deploy` reads, and asks for when it is not there.
fn deploy_line(appliance: &ApplianceId, sha256: &str, stack: &str, deployed: Option<Deployed<'_>>) -> String {
    let Some(Deployed { stack, architecture, tokens }) = deployed else {
        return format!("make build && make deploy STACK={stack}");
    };
    let separator = if tokens.is_empty() { "" } else { "," };
    let line = format!("ApplianceTokens: \"{tokens}{separator}{appliance}={sha256}\"");
    format!(
        "sed -i.before 's/^ApplianceTokens:.*/{line}/' infra/deployment.{stack}.yaml && make build ARCH={architecture} && \
         make deploy ARCH={architecture} STACK={stack}"
    )
}

fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut random).expect("the operating system gives random bytes, or no TLS would work either");
    hex(&random)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn deploy_line_keeps_the_tokens_that_are_there() {
        let appliance: ApplianceId = "acme".parse().unwrap();
        let deployed = Deployed { stack: "bridge", architecture: "x86_64", tokens: "default=aa,Old=" };
        assert_eq!(
            deploy_line(&appliance, "bb", "bridge", Some(deployed)),
            "sed -i.before 's/^ApplianceTokens:.*/ApplianceTokens: \"default=aa,Old=,acme=bb\"/' infra/deployment.bridge.yaml && \
             make build ARCH=x86_64 && make deploy ARCH=x86_64 STACK=bridge"
        );
        assert!(
            deployed.knows(&"DEFAULT".parse().unwrap())
                && !deployed.knows(&appliance)
                && !deployed.knows(&"old".parse().unwrap())
        );
    }

    #[test]
    fn token_is_told_once_and_kept_as_its_hash() {
        let new = new(&"acme".parse().unwrap(), "bridge", None);
        assert_eq!((new.token.len(), new.sha256.len()), (48, 64));
        assert!(!new.deploy.contains(&new.token));
        assert_eq!(new.deploy, "make build && make deploy STACK=bridge");
    }
}
