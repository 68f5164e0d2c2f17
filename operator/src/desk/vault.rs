//! Where the connection documents are: one secret per appliance. Knows nothing of what is in them, and never shows it.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use session::ApplianceId;

use crate::failure::Failure;

/// The secrets of a stack.
pub(crate) struct Vault {
    client: Client,
    prefix: String,
}

impl Vault {
    /// The secrets whose names begin with that.
    pub(crate) fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into() }
    }

    /// The secret's name.
    pub(crate) fn name(&self, appliance: &ApplianceId) -> String {
        format!("{}{appliance}", self.prefix)
    }

    /// The document of that appliance as it is stored; none if there is none yet.
    ///
    /// # Errors
    ///
    /// When it cannot or must not be read.
    pub(crate) async fn stored(&self, appliance: &ApplianceId) -> Result<Option<String>, Failure> {
        let name = self.name(appliance);
        match self.client.get_secret_value().secret_id(&name).send().await {
            Ok(answer) => match answer.secret_string() {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(Failure::refused(
                    format!("the secret {name} holds bytes and no text"),
                    "look at it in the console of Secrets Manager; a connection document is text",
                )),
            },
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(failure(&name, "secretsmanager:GetSecretValue", &error)),
        }
    }

    /// The document of that appliance.
    ///
    /// # Errors
    ///
    /// As [`Self::stored`], and when there is none.
    pub(crate) async fn document(&self, appliance: &ApplianceId) -> Result<String, Failure> {
        self.stored(appliance).await?.ok_or_else(|| {
            Failure::refused(
                format!("there is no connection document of {appliance} (secret {})", self.name(appliance)),
                format!(
                    "make one with: session-bridge connection new {appliance}; or is the id misspelt, or --stack another one?"
                ),
            )
        })
    }

    /// Stores the document as a new version of the secret, or as a new secret.
    ///
    /// # Errors
    ///
    /// When it cannot or must not be written; what was stored is then still there.
    pub(crate) async fn store(&self, appliance: &ApplianceId, text: &str, is_there: bool) -> Result<(), Failure> {
        let name = self.name(appliance);
        if is_there {
            let sent = self.client.put_secret_value().secret_id(&name).secret_string(text).send().await;
            return sent.map(drop).map_err(|error| failure(&name, "secretsmanager:PutSecretValue", &error));
        }
        let description = format!("Session Bridge: connection document of the appliance {appliance}");
        let sent = self.client.create_secret().name(&name).description(description).secret_string(text).send().await;
        sent.map(drop).map_err(|error| failure(&name, "secretsmanager:CreateSecret", &error))
    }
}

/// The service's code alone: its texts may repeat what was sent.
fn failure<E: ProvideErrorMetadata, R>(name: &str, right: &str, error: &SdkError<E, R>) -> Failure {
    let (what, hint) = match (error, error.code()) {
        (SdkError::ServiceError(_), Some("AccessDeniedException")) => (
            "must not be used with these credentials".to_owned(),
            format!("grant {right} on it, or sign in as somebody who has it"),
        ),
        (SdkError::ServiceError(_), Some("InvalidRequestException")) => (
            "is marked for deletion".to_owned(),
            format!("bring it back with: aws secretsmanager restore-secret --secret-id {name}"),
        ),
        (SdkError::ServiceError(_), code) => (
            format!("was refused by Secrets Manager ({})", code.unwrap_or("no code")),
            "try again; if it stays so, look at the secret in the console".to_owned(),
        ),
        _ => (
            "cannot be reached".to_owned(),
            "look at the network and at --region, then try again; nothing was changed".to_owned(),
        ),
    };
    Failure::refused(format!("the secret {name} {what}"), hint)
}
