//! Documents from Secrets Manager: one secret per appliance, remembered for a while.
//!
//! A document that somebody has just spoilt does not stop delivery: the version before it serves, or else what is remembered,
//! and the caller is told which key is to blame. Only the mode is taken from the spoilt text, where it can still be read and asks for
//! less: whoever makes a typing error in a panic gets what he wanted. An unreachable Secrets Manager does not stop delivery either,
//! as long as a document is remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use jiff::{SignedDuration, Timestamp};
use session::ApplianceId;
use session::settings::Mode;

use crate::document::Document;
use crate::mode::legible_mode;
use crate::problem::{DocumentError, Warning};

/// How long a document is used before it is read again: what an administrator waits for after a change.
pub const CACHE_TTL: SignedDuration = SignedDuration::from_mins(5);

/// How often [`Connections::refresh`] really reads, per appliance: a hundred sessions with the same refused credential
/// are one question.
pub const REFRESH_INTERVAL_MIN: SignedDuration = SignedDuration::from_secs(30);

/// The documents of all appliances.
#[derive(Debug)]
pub struct Connections {
    client: Client,
    prefix: String,
    cache_ttl: SignedDuration,
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
    /// The document's own mode; that in the document may be a later text's.
    own_mode: Mode,
}

/// Which version of a secret serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// The current one.
    Current,
    /// An earlier one, for the current one cannot be used: raise an alarm. The one before it, or else the last one that could be used
    /// and is remembered.
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
    #[error(
        "there is no secret {secret} (appliance ids are in lower case, names of secrets are not folded: is it there in capitals?)"
    )]
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
    /// Neither the current version nor the one before it can be used, and none is remembered: a person must correct the document.
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
        Self { client, prefix: prefix.into(), cache_ttl: CACHE_TTL, cache: Mutex::default() }
    }

    /// The same documents, remembered for that long instead of [`CACHE_TTL`]: for testing, where nobody waits for minutes.
    #[must_use]
    pub fn with_cache_ttl(self, duration: Duration) -> Self {
        Self { cache_ttl: SignedDuration::try_from(duration).unwrap_or(CACHE_TTL), ..self }
    }

    /// The document of that appliance, not older than [`CACHE_TTL`] if Secrets Manager can be reached.
    ///
    /// # Errors
    ///
    /// See [`LoadError`]; only [`LoadError::Unavailable`] passes by itself.
    pub async fn get(&self, appliance: &ApplianceId, now: Timestamp) -> Result<Arc<Loaded>, LoadError> {
        self.not_older_than(self.cache_ttl, appliance, now).await
    }

    /// The document of that appliance, read again at once since its credentials were refused; at most every
    /// [`REFRESH_INTERVAL_MIN`]. If it is the same [`Arc`] as before, nothing has changed.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn refresh(&self, appliance: &ApplianceId, now: Timestamp) -> Result<Arc<Loaded>, LoadError> {
        self.not_older_than(REFRESH_INTERVAL_MIN, appliance, now).await
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
            Ok((document, warnings)) => Loaded::new(document, warnings, Version::Current, version_id(&current)),
            Err(problem) => {
                let legible = current.secret_string().and_then(legible_mode);
                self.load_earlier(secret, problem, before).await?.with_mode(legible)
            }
        };
        if let Some(before) = before.filter(|before| before.is_same_as(&loaded)) {
            return Ok(Arc::clone(before));
        }
        loaded.log(appliance);
        Ok(Arc::new(loaded))
    }

    /// What serves although the current version has that problem: the version before it, else what is remembered.
    async fn load_earlier(
        &self,
        secret: String,
        problem: DocumentError,
        before: Option<&Arc<Loaded>>,
    ) -> Result<Loaded, LoadError> {
        let previous = self.read(&secret, PREVIOUS).await;
        // What is wrong with the previous one helps nobody: the current one is to be corrected.
        if let Ok(previous) = &previous
            && let Ok((document, warnings)) = parse(previous)
        {
            return Ok(Loaded::new(document, warnings, Version::Previous { problem }, version_id(previous)));
        }
        match (before, previous) {
            (Some(before), _) => Ok(before.serving_on(problem)),
            (None, Ok(_) | Err(LoadError::Missing { .. })) => Err(LoadError::Unusable { secret, problem }),
            (None, Err(error)) => Err(error),
        }
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
    fn new(document: Document, warnings: Vec<Warning>, version: Version, version_id: &str) -> Self {
        Self { own_mode: document.mode, document, warnings, version, version_id: version_id.to_owned() }
    }

    /// The version of the secret that serves, as Secrets Manager names it. Another one means that somebody has changed the document,
    /// its credentials perhaps; nothing secret is in it.
    #[must_use]
    pub fn version_id(&self) -> &str {
        &self.version_id
    }

    /// What a person should do about [`Version::Previous`], and what happens until then.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        if self.document.mode == self.own_mode {
            "correct the connection document in Secrets Manager; an earlier version serves until then"
        } else {
            "correct the connection document in Secrets Manager; an earlier version serves until then, but with the mode that can be \
             read in the current one"
        }
    }

    /// The same, for another problem of the current version.
    fn serving_on(&self, problem: DocumentError) -> Self {
        Self {
            document: self.document.clone(),
            warnings: self.warnings.clone(),
            version: Version::Previous { problem },
            version_id: self.version_id.clone(),
            own_mode: self.own_mode,
        }
    }

    /// The same with the mode that a later text asks for, if that writes no more than the document's own. With none that can be
    /// read, it stays as it is.
    fn with_mode(mut self, legible: Option<Mode>) -> Self {
        if let Some(mode) = legible {
            self.document.mode = if writes_no_more(mode, self.own_mode) { mode } else { self.own_mode };
        }
        self
    }

    fn is_same_as(&self, other: &Self) -> bool {
        self.version_id == other.version_id && self.version == other.version && self.document.mode == other.document.mode
    }

    /// Once for each change of the secret and process.
    fn log(&self, appliance: &ApplianceId) {
        if let Version::Previous { problem } = &self.version {
            tracing::error!(%appliance, %problem, mode = ?self.document.mode, "the connection document cannot be used, an earlier version serves");
        }
        for warning in &self.warnings {
            tracing::warn!(%appliance, %warning, "the connection document has something to look at");
        }
    }
}

/// Whether a mode does no more than the other: from a text that cannot be used nothing is begun.
fn writes_no_more(mode: Mode, than: Mode) -> bool {
    let activity = |mode| match mode {
        Mode::Deliver => 2,
        Mode::Shadow => 1,
        Mode::Hold | Mode::Off => 0,
    };
    activity(mode) <= activity(than)
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
