//! One token of the appliance for many processes: taken from the ledger when a client is made, kept there when it was issued.
//!
//! An API account has at most 30 valid tokens and the next one silently ends the oldest (vendor reference); a process per
//! burst of events, each with a token of its own, would end those in use. Nothing rests on it: without the ledger's token a
//! client asks for one, as it does when the appliance refuses it.

use appliance::client::ApplianceClient;
use jiff::Timestamp;
use ledger::{Ledger, SealedToken};
use session::ApplianceId;

/// Hands the client the token that another process has kept. One read, or none for a client that works without tokens.
pub(crate) async fn adopt(client: &ApplianceClient, ledger: &Ledger, appliance: &ApplianceId, now: Timestamp) {
    if !client.uses_tokens() {
        return;
    }
    match ledger.token(appliance).await {
        Ok(Some(token)) => {
            let adopted = client.adopt(appliance, &token.bytes, now).await;
            tracing::debug!(%appliance, adopted, "the ledger has a token");
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%appliance, %error, "the shared token could not be read: the appliance is asked for one"),
    }
}

/// Keeps the client's token for other processes, if it was issued since the last time. One write per issued token.
pub(crate) async fn keep(client: &ApplianceClient, ledger: &Ledger, appliance: &ApplianceId, now: Timestamp) {
    let Some(token) = client.token_to_share(appliance, now).await else { return };
    let token = SealedToken { bytes: token.bytes, valid_until: token.valid_until };
    if let Err(error) = ledger.keep_token(appliance, &token, now).await {
        tracing::warn!(%appliance, %error, "the token could not be shared: other processes ask for their own");
    }
}
