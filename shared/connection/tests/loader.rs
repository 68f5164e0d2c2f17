//! Documents from a Secrets Manager that changes, fails and disappears.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws::{Environment, Timeouts};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connection::{CACHE_TTL, Connections, LoadError, Loaded, REFRESH_INTERVAL_MIN, Version};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use session::ApplianceId;
use session::settings::Mode;
use tokio::net::TcpListener;

const PREFIX: &str = "session-bridge/connections/";

/// A version's id, and its text unless it is bytes.
type StoredVersion = (String, Option<String>);

/// A Secrets Manager with one operation, behind real HTTP.
#[derive(Clone, Default)]
struct SecretsManager {
    /// By the secret's name and the version's stage.
    versions: Arc<Mutex<HashMap<(String, String), StoredVersion>>>,
    /// Answers every request with this error code.
    failure: Arc<Mutex<Option<(StatusCode, &'static str)>>>,
    reads: Arc<Mutex<usize>>,
}

impl SecretsManager {
    async fn start() -> (Self, Connections) {
        let manager = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let service = axum::Router::new().fallback(get_secret_value).with_state(manager.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        (manager, connections_at(&endpoint))
    }

    fn put(&self, appliance: &str, stage: &str, version_id: &str, text: &str) {
        self.put_version(appliance, stage, version_id, Some(text.to_owned()));
    }

    fn put_version(&self, appliance: &str, stage: &str, version_id: &str, text: Option<String>) {
        let key = (format!("{PREFIX}{appliance}"), stage.to_owned());
        self.versions.lock().unwrap().insert(key, (version_id.to_owned(), text));
    }

    fn fail_with(&self, failure: Option<(StatusCode, &'static str)>) {
        *self.failure.lock().unwrap() = failure;
    }

    fn reads(&self) -> usize {
        *self.reads.lock().unwrap()
    }
}

async fn get_secret_value(State(manager): State<SecretsManager>, body: String) -> (StatusCode, Json<Value>) {
    *manager.reads.lock().unwrap() += 1;
    if let Some((status, code)) = *manager.failure.lock().unwrap() {
        return (status, Json(json!({ "__type": code, "message": "hidden-in-message" })));
    }
    let request: Value = serde_json::from_str(&body).unwrap();
    let text_of = |name: &str| request[name].as_str().unwrap().to_owned();
    let key = (text_of("SecretId"), text_of("VersionStage"));
    match manager.versions.lock().unwrap().get(&key) {
        Some((version_id, Some(text))) => {
            (StatusCode::OK, Json(json!({ "Name": key.0, "VersionId": version_id, "SecretString": text })))
        }
        Some((version_id, None)) => {
            (StatusCode::OK, Json(json!({ "Name": key.0, "VersionId": version_id, "SecretBinary": "aGlkZGVu" })))
        }
        None => (StatusCode::BAD_REQUEST, Json(json!({ "__type": "ResourceNotFoundException", "message": "hidden-in-message" }))),
    }
}

fn connections_at(endpoint: &str) -> Connections {
    let environment = Environment::from_variables(|variable| {
        Some(if variable == "AWS_ENDPOINT_URL" { endpoint.to_owned() } else { "local".to_owned() })
    });
    // One attempt: what is tested is not the SDK's patience.
    let timeouts = Timeouts { attempts: 1, ..Timeouts::WORKER };
    let client = aws_sdk_secretsmanager::Client::new(&environment.unwrap().sdk_config(&timeouts));
    Connections::new(client, PREFIX)
}

/// A document with that Autotask secret.
fn document(secret: &str) -> String {
    json!({
        "version": 1,
        "time_zone": "Europe/Berlin",
        "appliance": {
            "url": "https://support.example.com",
            "oauth": { "client_id": "invented", "client_secret": "hidden-client-secret" },
        },
        "autotask": { "username": "bridge@acme.example", "secret": secret, "integration_code": "hidden-code" },
    })
    .to_string()
}

/// As `document`, with a key that cannot be read.
fn spoilt(secret: &str) -> String {
    document(secret).replace("Europe/Berlin", "Europe/Berlinn")
}

fn acme() -> ApplianceId {
    "acme".parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    "2026-11-22T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn secret(loaded: &Loaded) -> &str {
    loaded.document.autotask.secret.expose_secret()
}

#[tokio::test]
async fn document_is_read_once_in_five_minutes() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v1", &document("old"));
    let first = connections.get(&acme(), at(0)).await.unwrap();
    manager.put("acme", "AWSCURRENT", "v2", &document("new"));
    let just_before = at(0) + CACHE_TTL - SignedDuration::from_millis(1);
    assert_eq!(secret(&connections.get(&acme(), just_before).await.unwrap()), "old");
    assert_eq!(manager.reads(), 1);
    assert_eq!(secret(&connections.get(&acme(), at(0) + CACHE_TTL).await.unwrap()), "new");
    assert_eq!((secret(&first), &first.version), ("old", &Version::Current));
}

#[tokio::test]
async fn unchanged_secret_is_the_same_value() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v1", &document("old"));
    let first = connections.get(&acme(), at(0)).await.unwrap();
    let second = connections.get(&acme(), at(600)).await.unwrap();
    assert_eq!(manager.reads(), 2);
    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn refused_credential_is_read_again_at_once_but_not_in_a_storm() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v1", &document("old"));
    connections.get(&acme(), at(0)).await.unwrap();
    let after_a_while = at(60);
    manager.put("acme", "AWSCURRENT", "v2", &document("new"));
    assert_eq!(secret(&connections.refresh(&acme(), after_a_while).await.unwrap()), "new");
    manager.put("acme", "AWSCURRENT", "v3", &document("newest"));
    let too_early = after_a_while + REFRESH_INTERVAL_MIN - SignedDuration::from_millis(1);
    assert_eq!(secret(&connections.refresh(&acme(), too_early).await.unwrap()), "new");
    assert_eq!(manager.reads(), 2);
    assert_eq!(secret(&connections.refresh(&acme(), after_a_while + REFRESH_INTERVAL_MIN).await.unwrap()), "newest");
}

#[tokio::test]
async fn spoilt_document_is_replaced_by_its_previous_version_and_the_key_is_named() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v2", &spoilt("new"));
    manager.put("acme", "AWSPREVIOUS", "v1", &document("old"));
    let loaded = connections.get(&acme(), at(0)).await.unwrap();
    assert_eq!(secret(&loaded), "old");
    let Version::Previous { problem } = &loaded.version else { panic!("the current version serves") };
    assert_eq!(problem.path(), Some("time_zone"));
    let again = connections.get(&acme(), at(600)).await.unwrap();
    assert!(Arc::ptr_eq(&loaded, &again), "nothing has changed");
    manager.put("acme", "AWSCURRENT", "v3", &document("corrected"));
    let corrected = connections.get(&acme(), at(1200)).await.unwrap();
    assert_eq!((secret(&corrected), &corrected.version), ("corrected", &Version::Current));
}

#[tokio::test]
async fn spoilt_document_without_a_usable_previous_one_is_an_error_that_names_the_key() {
    let (manager, connections) = SecretsManager::start().await;
    let told = "the secret session-bridge/connections/acme holds no usable document: \
                `time_zone`: expected the IANA name of a time zone, as in Europe/Berlin";
    manager.put("acme", "AWSCURRENT", "v2", &spoilt("hidden"));
    assert_eq!(connections.get(&acme(), at(0)).await.unwrap_err().to_string(), told);
    manager.put("acme", "AWSPREVIOUS", "v1", "{}");
    assert_eq!(connections.get(&acme(), at(1)).await.unwrap_err().to_string(), told);
}

/// As `document`, in that mode and with a key that cannot be read.
fn spoilt_in_mode(secret: &str, mode: &str) -> String {
    spoilt(secret).replacen('{', &format!(r#"{{ "mode": "{mode}", "#), 1)
}

#[tokio::test]
async fn panic_edit_with_a_typing_error_stops_delivery_all_the_same() {
    for mode in ["off", "hold", "shadow"] {
        let (manager, connections) = SecretsManager::start().await;
        manager.put("acme", "AWSCURRENT", "v1", &document("old"));
        let before = connections.get(&acme(), at(0)).await.unwrap();
        assert_eq!((before.document.mode, before.version_id()), (Mode::Deliver, "v1"));
        manager.put("acme", "AWSPREVIOUS", "v1", &document("old"));
        manager.put("acme", "AWSCURRENT", "v2", &spoilt_in_mode("new", mode));
        let loaded = connections.get(&acme(), at(300)).await.unwrap();
        assert_eq!(format!("{:?}", loaded.document.mode).to_lowercase(), mode);
        assert_eq!((secret(&loaded), loaded.version_id()), ("old", "v1"), "all the rest is the previous version's");
        assert!(matches!(&loaded.version, Version::Previous { problem } if problem.path() == Some("time_zone")));
        assert!(loaded.remedy().contains("with the mode that can be read"), "{}", loaded.remedy());
        assert!(Arc::ptr_eq(&loaded, &connections.get(&acme(), at(600)).await.unwrap()), "nothing has changed");
    }
}

#[tokio::test]
async fn text_that_is_not_even_json_can_still_stop_delivery() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSPREVIOUS", "v1", &document("old"));
    manager.put("acme", "AWSCURRENT", "v2", &document("old").replacen('{', r#"{ "mode": "off" "#, 1));
    assert_eq!(connections.get(&acme(), at(0)).await.unwrap().document.mode, Mode::Off);
}

#[tokio::test]
async fn text_that_cannot_be_used_begins_nothing() {
    let (manager, connections) = SecretsManager::start().await;
    let off = document("old").replacen('{', r#"{ "mode": "off", "#, 1);
    manager.put("acme", "AWSPREVIOUS", "v1", &off);
    manager.put("acme", "AWSCURRENT", "v2", &spoilt_in_mode("new", "deliver"));
    let loaded = connections.get(&acme(), at(0)).await.unwrap();
    assert_eq!(loaded.document.mode, Mode::Off);
    assert!(loaded.remedy().ends_with("an earlier version serves until then"), "{}", loaded.remedy());
}

#[tokio::test]
async fn two_bad_edits_in_a_row_leave_the_remembered_document_serving_and_the_newer_key_is_named() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v1", &document("good"));
    connections.get(&acme(), at(0)).await.unwrap();
    manager.put("acme", "AWSPREVIOUS", "v1", &document("good"));
    manager.put("acme", "AWSCURRENT", "v2", &spoilt_in_mode("first", "off"));
    assert_eq!(connections.get(&acme(), at(300)).await.unwrap().document.mode, Mode::Off);
    manager.put("acme", "AWSPREVIOUS", "v2", &spoilt_in_mode("first", "off"));
    manager.put("acme", "AWSCURRENT", "v3", r#"{ "version": 1,, "#);
    let loaded = connections.get(&acme(), at(600)).await.unwrap();
    assert_eq!((secret(&loaded), loaded.version_id(), loaded.document.mode), ("good", "v1", Mode::Off), "still as it was wanted");
    assert!(matches!(&loaded.version, Version::Previous { problem } if problem.to_string().contains("not JSON")));
    // A later text may take the wish back, but not ask for more than the good one did.
    manager.put("acme", "AWSCURRENT", "v4", &spoilt_in_mode("third", "deliver"));
    assert_eq!(connections.get(&acme(), at(900)).await.unwrap().document.mode, Mode::Deliver);
    manager.put("acme", "AWSCURRENT", "v5", &document("corrected"));
    let corrected = connections.get(&acme(), at(1200)).await.unwrap();
    assert_eq!((secret(&corrected), corrected.version_id(), &corrected.version), ("corrected", "v5", &Version::Current));
}

#[tokio::test]
async fn panic_edit_counts_although_its_previous_version_cannot_be_read() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v1", &document("good"));
    connections.get(&acme(), at(0)).await.unwrap();
    manager.put("acme", "AWSCURRENT", "v2", &spoilt_in_mode("new", "off"));
    let loaded = connections.get(&acme(), at(300)).await.unwrap();
    assert_eq!((secret(&loaded), loaded.document.mode), ("good", Mode::Off));
}

#[tokio::test]
async fn secret_of_bytes_or_none_at_all_is_told_apart() {
    let (manager, connections) = SecretsManager::start().await;
    let missing = connections.get(&acme(), at(0)).await.unwrap_err();
    assert!(
        missing.to_string().starts_with("there is no secret session-bridge/connections/acme (appliance ids are in lower case")
    );
    manager.put_version("acme", "AWSCURRENT", "v1", None);
    let bytes = connections.get(&acme(), at(0)).await.unwrap_err();
    assert!(matches!(bytes, LoadError::Unusable { .. }), "{bytes}");
    assert!(bytes.to_string().ends_with("the secret is not a text"));
}

#[tokio::test]
async fn removed_secret_ends_the_connection_even_if_it_is_remembered() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v1", &document("old"));
    connections.get(&acme(), at(0)).await.unwrap();
    manager.versions.lock().unwrap().clear();
    assert!(matches!(connections.get(&acme(), at(600)).await, Err(LoadError::Missing { .. })));
    // Not even when nobody can be asked.
    manager.fail_with(Some((StatusCode::SERVICE_UNAVAILABLE, "InternalServiceError")));
    assert!(matches!(connections.get(&acme(), at(601)).await, Err(LoadError::Unavailable { .. })));
}

#[tokio::test]
async fn remembered_document_serves_while_secrets_manager_is_unavailable() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v1", &document("old"));
    let before = connections.get(&acme(), at(0)).await.unwrap();
    manager.fail_with(Some((StatusCode::SERVICE_UNAVAILABLE, "InternalServiceError")));
    let meanwhile = connections.get(&acme(), at(600)).await.unwrap();
    assert!(Arc::ptr_eq(&before, &meanwhile));
    let other: ApplianceId = "other".parse().unwrap();
    let error = connections.get(&other, at(600)).await.unwrap_err();
    assert_eq!(error.to_string(), "Secrets Manager is unavailable (InternalServiceError)");
    manager.fail_with(None);
    manager.put("acme", "AWSCURRENT", "v2", &document("new"));
    assert_eq!(secret(&connections.get(&acme(), at(1200)).await.unwrap()), "new");
}

#[tokio::test]
async fn unreachable_and_forbidden_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let unreachable = connections_at(&endpoint).get(&acme(), at(0)).await.unwrap_err();
    assert_eq!(unreachable.to_string(), "Secrets Manager is unavailable (connection failed)");
    let (manager, connections) = SecretsManager::start().await;
    manager.fail_with(Some((StatusCode::BAD_REQUEST, "AccessDeniedException")));
    let forbidden = connections.get(&acme(), at(0)).await.unwrap_err();
    assert_eq!(forbidden.to_string(), "the secret session-bridge/connections/acme must not be read (AccessDeniedException)");
}

#[tokio::test]
async fn no_secret_is_printed_with_anything() {
    let (manager, connections) = SecretsManager::start().await;
    manager.put("acme", "AWSCURRENT", "v2", &spoilt("hidden-secret"));
    let unusable = connections.get(&acme(), at(0)).await.unwrap_err();
    manager.put("acme", "AWSPREVIOUS", "v1", &document("hidden-secret"));
    let loaded = connections.get(&acme(), at(0)).await.unwrap();
    manager.fail_with(Some((StatusCode::BAD_REQUEST, "DecryptionFailure")));
    let refused = connections.get(&acme(), at(600)).await.unwrap_err();
    let printed = format!("{unusable} {unusable:?} {loaded:?} {connections:?} {refused} {refused:?}");
    assert!(!printed.contains("hidden"), "{printed}");
}
