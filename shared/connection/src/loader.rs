//! Documents from Secrets Manager: one secret per appliance, remembered for a while.
//!
//! A document that somebody has just spoilt does not stop delivery: the version before it serves, and the caller is told
//! which key is to blame. An unreachable Secrets Manager does not either, as long as a document is remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use jiff::{SignedDuration, Timestamp};
use session::ApplianceId;

use crate::document::Document;
use crate::problem::{DocumentError, Warning};

/// How long a document is used before it is read again: what an administrator waits for after a change.
pub const CACHED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// How often [`Connections::refresh`] really reads, per appliance: a hundred sessions with the same refused credential
/// are one question.
pub const REFRESHED_AT_MOST_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// The documents of all appliances.
#[derive(Debug)]
pub struct Connections {
    client: Client,
    prefix: String,
    cached_for: SignedDuration,
    cache: Mutex<HashMap<ApplianceId, Cached>>,
}

#[derive(Debug, Clone)]
struct Cached {
    loaded: Arc<Loaded>,
    read_at: Timestamp,
}

/// A document, as it was loaded. The same [`Arc`] is handed out for as long as the secret does not change, so it may stand
/// for what was made from it, such as clients.
#[derive(Debug)]
pub struct Loaded {
    /// The document.
    pub document: Document,
    /// What somebody should look at; each has been logged once.
    pub warnings: Vec<Warning>,
    /// Which version of the secret it is.
    pub version: Version,
    version_id: String,
}

/// Which version of a secret serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// The current one.
    Current,
    /// The one before it, for the current one cannot be used: raise an alarm.
    Previous {
        /// What is wrong with the current one; names the key.
        problem: DocumentError,
    },
}

/// Why there is no document. The event waits in all cases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// No usable answer, and nothing remembered: unreachable, throttled, an error of the service. Temporary.
    #[error("Secrets Manager is unavailable ({cause})")]
    Unavailable {
        /// The error's kind or code.
        cause: String,
    },
    /// There is no such secret, or it is marked for deletion: a person must write one.
    #[error("there is no secret {secret}")]
    Missing {
        /// Its full name.
        secret: String,
    },
    /// The secret must not be read: a person must grant the right, or the use of its key.
    #[error("the secret {secret} must not be read ({code})")]
    Refused {
        /// Its full name.
        secret: String,
        /// The service's error code.
        code: String,
    },
    /// Neither the current version nor the one before it can be used: a person must correct the document.
    #[error("the secret {secret} holds no usable document: {problem}")]
    Unusable {
        /// Its full name.
        secret: String,
        /// What is wrong with the current version; names the key.
        problem: DocumentError,
    },
}

/// Codes by which the service says that something must not be done; they last until somebody changes a policy or a key.
const REFUSED_CODES: [&str; 4] =
    ["AccessDeniedException", "DecryptionFailure", "InvalidSignatureException", "UnrecognizedClientException"];

/// Codes by which the service says that a secret is not there (any longer).
const MISSING_CODES: [&str; 2] = ["ResourceNotFoundException", "InvalidRequestException"];

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

impl Connections {
    /// The documents in the secrets `<prefix><appliance id>`; the prefix ends with its slash.
    #[must_use]
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into(), cached_for: CACHED_FOR, cache: Mutex::default() }
    }

    /// The same documents, remembered for so long instead of [`CACHED_FOR`]: for trials, where nobody waits for minutes.
    #[must_use]
    pub fn caching_for(self, duration: Duration) -> Self {
        Self { cached_for: SignedDuration::try_from(duration).unwrap_or(CACHED_FOR), ..self }
    }

    /// The document of that appliance, not older than [`CACHED_FOR`] if Secrets Manager can be reached.
    ///
    /// # Errors
    ///
    /// See [`LoadError`]; only [`LoadError::Unavailable`] passes by itself.
    pub async fn get(&self, appliance: &ApplianceId, now: Timestamp) -> Result<Arc<Loaded>, LoadError> {
        self.not_older_than(self.cached_for, appliance, now).await
    }

    /// The document of that appliance, read again at once since its credentials were refused; at most every
    /// [`REFRESHED_AT_MOST_EVERY`]. If it is the same [`Arc`] as before, nothing has changed.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn refresh(&self, appliance: &ApplianceId, now: Timestamp) -> Result<Arc<Loaded>, LoadError> {
        self.not_older_than(REFRESHED_AT_MOST_EVERY, appliance, now).await
    }

    async fn not_older_than(
        &self,
        age_max: SignedDuration,
        appliance: &ApplianceId,
        now: Timestamp,
    ) -> Result<Arc<Loaded>, LoadError> {
        let cached = self.cache().get(appliance).cloned();
        if let Some(cached) = cached.as_ref().filter(|cached| now.duration_since(cached.read_at) < age_max) {
            return Ok(Arc::clone(&cached.loaded));
        }
        let before = cached.map(|cached| cached.loaded);
        let loaded = match (self.load(appliance, before.as_ref()).await, before) {
            (Ok(loaded), _) => loaded,
            (Err(LoadError::Unavailable { cause }), Some(before)) => {
                tracing::warn!(%appliance, %cause, "Secrets Manager is unavailable, the remembered connection document serves");
                before
            }
            (Err(error), _) => {
                self.cache().remove(appliance);
                return Err(error);
            }
        };
        self.cache().insert(appliance.clone(), Cached { loaded: Arc::clone(&loaded), read_at: now });
        Ok(loaded)
    }

    /// What the secret holds now; `before` itself if that is still so.
    async fn load(&self, appliance: &ApplianceId, before: Option<&Arc<Loaded>>) -> Result<Arc<Loaded>, LoadError> {
        let secret = format!("{}{appliance}", self.prefix);
        let current = self.read(&secret, CURRENT).await?;
        let loaded = match parse(&current) {
            Ok((document, warnings)) => {
                Loaded { document, warnings, version: Version::Current, version_id: version_id(&current).to_owned() }
            }
            Err(problem) => self.load_previous(secret, problem).await?,
        };
        if let Some(before) = before.filter(|before| before.is_same_as(&loaded)) {
            return Ok(Arc::clone(before));
        }
        loaded.log(appliance);
        Ok(Arc::new(loaded))
    }

    async fn load_previous(&self, secret: String, problem: DocumentError) -> Result<Loaded, LoadError> {
        let previous = match self.read(&secret, PREVIOUS).await {
            Ok(previous) => previous,
            Err(LoadError::Missing { .. }) => return Err(LoadError::Unusable { secret, problem }),
            Err(error) => return Err(error),
        };
        // What is wrong with the previous one helps nobody: the current one is to be corrected.
        let Ok((document, warnings)) = parse(&previous) else { return Err(LoadError::Unusable { secret, problem }) };
        let version_id = version_id(&previous).to_owned();
        Ok(Loaded { document, warnings, version: Version::Previous { problem }, version_id })
    }

    async fn read(&self, secret: &str, stage: &str) -> Result<GetSecretValueOutput, LoadError> {
        let request = self.client.get_secret_value().secret_id(secret).version_stage(stage);
        request.send().await.map_err(|error| classify(secret, &error))
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<ApplianceId, Cached>> {
        // Whoever panicked held the lock for one operation of the map, which is whole.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loaded {
    fn is_same_as(&self, other: &Self) -> bool {
        self.version_id == other.version_id && self.version == other.version
    }

    /// Once for each change of the secret and process.
    fn log(&self, appliance: &ApplianceId) {
        if let Version::Previous { problem } = &self.version {
            tracing::error!(%appliance, %problem, "the connection document cannot be used, its previous version serves");
        }
        for warning in &self.warnings {
            tracing::warn!(%appliance, %warning, "the connection document has something to look at");
        }
    }
}

fn version_id(secret: &GetSecretValueOutput) -> &str {
    secret.version_id().unwrap_or_default()
}

fn parse(secret: &GetSecretValueOutput) -> Result<(Document, Vec<Warning>), DocumentError> {
    Document::parse(secret.secret_string().ok_or(DocumentError::NotText)?)
}

/// The SDK's text and raw answer are left behind: the latter is the secret.
fn classify<R>(secret: &str, error: &SdkError<GetSecretValueError, R>) -> LoadError {
    let cause = match error {
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(_) => "connection failed".to_owned(),
        SdkError::ResponseError(_) => "unreadable answer".to_owned(),
        SdkError::ServiceError(failure) => failure.err().code().unwrap_or("error without a code").to_owned(),
        _ => "not sent".to_owned(),
    };
    let secret = secret.to_owned();
    match cause.as_str() {
        code if MISSING_CODES.contains(&code) => LoadError::Missing { secret },
        code if REFUSED_CODES.contains(&code) => LoadError::Refused { secret, code: cause },
        _ => LoadError::Unavailable { cause },
    }
}
