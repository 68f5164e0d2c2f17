//! The client against the simulated appliance, which was written from the vendor's reference and not from this client.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::time::Duration;

use appliance::client::WaitsFor;
use appliance::{ApplianceClient, ApplianceConfig, CommandRight, Credentials};
use session::{ApplianceId, EndedSession, Failure, Listing, Lsid, Sentence, SupportSession, Window};
use simulators::{ApplianceSimulator, ApplianceTenant, Fault, FaultAction};

const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";

/// Enough for any call on this machine, too little for a test run to hang.
const PATIENCE: Duration = Duration::from_secs(20);

fn client(tenant: &ApplianceTenant, credentials: Credentials) -> ApplianceClient {
    ApplianceClient::new(ApplianceConfig {
        url: tenant.url().parse().unwrap(),
        credentials,
        locale: None,
        ca_certificate: None,
        allow_invalid_certificates: false,
        allow_plain_http: true,
    })
    .unwrap()
}

fn account(client_secret: &str) -> Credentials {
    Credentials::OAuth { client_id: "bridge".to_owned(), client_secret: client_secret.into() }
}

fn user(password: &str) -> Credentials {
    Credentials::Password { username: "integration".to_owned(), password: password.into() }
}

fn report() -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/reports/printer.xml")).unwrap()
}

async fn fetch(client: &ApplianceClient) -> Result<SupportSession, Failure> {
    client.fetch_report(&LSID.parse::<Lsid>().unwrap(), PATIENCE).await
}

/// A simulator, a tenant that knows the canonical session, and a client of it with its own token.
async fn ready() -> (ApplianceSimulator, ApplianceTenant, ApplianceClient) {
    let simulator = ApplianceSimulator::start().await;
    let tenant = simulator.tenant("client");
    tenant.put_session(LSID, &report()).await;
    let client = client(&tenant, account("appliance-secret"));
    (simulator, tenant, client)
}

#[tokio::test]
async fn report_is_fetched_with_one_token_and_a_connection_for_each_call() {
    let (_simulator, tenant, client) = ready().await;
    for _ in 0..3 {
        assert_eq!(fetch(&client).await.unwrap().sequence, Some(48213));
    }
    let calls = tenant.calls().await;
    assert_eq!(calls.len(), 4, "{calls:?}");
    assert!(calls.iter().all(|call| call["request_on_connection"] == 1), "{calls:?}");
}

#[tokio::test]
async fn token_that_was_invalidated_is_renewed_unnoticed() {
    let (_simulator, tenant, client) = ready().await;
    fetch(&client).await.unwrap();
    tenant.invalidate_tokens().await;
    fetch(&client).await.unwrap();
    tenant.invalidate_tokens().await;
    let both = futures_util::future::join(fetch(&client), fetch(&client)).await;
    assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
}

/// What the processes of a burst do: each has a client of its own and fetches one report. With `sharing` each adopts what was
/// kept last, and what it is issued is kept, as the worker does it with the ledger.
async fn fetch_in_many_processes(tenant: &ApplianceTenant, processes: usize, sharing: bool) -> Vec<ApplianceClient> {
    let (acme, now) = (ApplianceId::default(), "2030-03-18T14:00:00Z".parse().unwrap());
    let (mut clients, mut kept) = (Vec::new(), None::<Vec<u8>>);
    for _ in 0..processes {
        let client = client(tenant, account("appliance-secret"));
        if let Some(sealed) = &kept {
            assert!(client.adopt(&acme, sealed, now).await);
        }
        fetch(&client).await.unwrap();
        if let Some(token) = client.token_to_share(&acme, now).await.filter(|_| sharing) {
            kept = Some(token.bytes);
        }
        clients.push(client);
    }
    clients
}

#[tokio::test]
async fn two_processes_share_one_token() {
    let (_simulator, tenant, _) = ready().await;
    fetch_in_many_processes(&tenant, 2, true).await;
    assert_eq!(tenant.count("POST", "token").await, 1);
    assert_eq!(tenant.count("POST", "SupportSession").await, 2);
}

#[tokio::test]
async fn thirty_first_process_ends_the_first_ones_token_unless_they_share_one() {
    let (_simulator, tenant, _) = ready().await;
    let apart = fetch_in_many_processes(&tenant, 31, false).await;
    assert_eq!(tenant.count("POST", "token").await, 31);
    fetch(&apart[0]).await.unwrap();
    assert_eq!(tenant.count("POST", "token").await, 32, "the first token should have been ended by the 31st");

    tenant.invalidate_tokens().await;
    tenant.clear_calls().await;
    let sharing = fetch_in_many_processes(&tenant, 31, true).await;
    fetch(&sharing[0]).await.unwrap();
    assert_eq!(tenant.count("POST", "token").await, 1);
    assert_eq!(tenant.count("POST", "SupportSession").await, 32);
}

#[tokio::test]
async fn wrong_secret_and_wrong_password_are_refused_credentials() {
    let (_simulator, tenant, _) = ready().await;
    for credentials in [account("wrong"), user("wrong")] {
        let failure = fetch(&client(&tenant, credentials)).await.unwrap_err();
        assert!(matches!(failure, Failure::CredentialsRefused { .. }), "{failure:?}");
    }
    assert!(fetch(&client(&tenant, user("legacy-secret"))).await.is_ok());
}

#[tokio::test]
async fn report_that_is_not_ready_is_told_as_such_however_the_appliance_says_so() {
    let (_simulator, tenant, client) = ready().await;
    for not_ready_as in ["missing", "empty_list"] {
        tenant.put_session_with(LSID, &report(), &[("not_ready_asks", "1"), ("not_ready_as", not_ready_as)]).await;
        assert!(matches!(fetch(&client).await, Err(Failure::NotReady { .. })), "{not_ready_as}");
        assert!(fetch(&client).await.is_ok(), "{not_ready_as}");
    }
    tenant.put_session_with(LSID, &report(), &[("not_ready_asks", "1"), ("not_ready_as", "no_end_time")]).await;
    assert_eq!(fetch(&client).await.unwrap().ended_at, None);
    for nothing_found in ["error_root", "error_child", "empty_list"] {
        for error_style in ["plain", "attributes", "namespace"] {
            tenant.delete_session(LSID).await;
            tenant.settings(serde_json::json!({ "nothing_found": nothing_found, "error_style": error_style })).await;
            assert!(matches!(fetch(&client).await, Err(Failure::NotReady { .. })), "{nothing_found} {error_style}");
        }
    }
}

#[tokio::test]
async fn missing_right_is_told_with_what_to_grant_and_ends_when_it_is_granted() {
    let (_simulator, tenant, client) = ready().await;
    tenant.settings(serde_json::json!({ "may_report": false })).await;
    let failure = fetch(&client).await.unwrap_err();
    let Failure::Blocked { sentence, remedy } = &failure else { panic!("{failure:?}") };
    assert_eq!(sentence.as_str(), "You do not have permission to access this report.");
    assert!(remedy.as_str().contains("Reporting API: Support Session Reports"), "{remedy}");
    tenant.settings(serde_json::json!({ "may_report": true })).await;
    assert!(fetch(&client).await.is_ok());
}

#[tokio::test]
async fn each_error_of_the_appliance_is_told_apart_however_it_is_dressed() {
    let (_simulator, tenant, client) = ready().await;
    for (text, expected) in [
        ("Access denied", "blocked"),
        ("The XML API is not enabled.", "blocked"),
        ("Your IP address is not allowed.", "blocked"),
        ("Support session reports are disabled.", "blocked"),
        ("No such session.", "not ready"),
        ("", "not ready"),
        ("Login failed", "credentials"),
        ("The operation could not be completed (code 17).", "unfamiliar"),
    ] {
        for error_style in ["plain", "attributes", "namespace"] {
            tenant.settings(serde_json::json!({ "report_error": text, "error_style": error_style })).await;
            let kind = match fetch(&client).await {
                Err(Failure::Blocked { .. }) => "blocked",
                Err(Failure::NotReady { .. }) => "not ready",
                Err(Failure::CredentialsRefused { .. }) => "credentials",
                Err(Failure::Unrecognised { .. }) => "unfamiliar",
                other => panic!("{text}: {other:?}"),
            };
            assert_eq!(kind, expected, "{text}, {error_style}");
        }
    }
}

#[tokio::test]
async fn namespace_of_the_report_does_not_matter() {
    let (_simulator, tenant, client) = ready().await;
    let expected = fetch(&client).await.unwrap();
    for namespace in ["none", "http://www.bomgar.com/namespaces/API/reporting", "urn:something-else"] {
        tenant.put_session_with(LSID, &report(), &[("namespace", namespace)]).await;
        assert_eq!(fetch(&client).await.as_ref(), Ok(&expected), "{namespace}");
    }
}

#[tokio::test]
async fn large_report_is_read_whole() {
    let (_simulator, tenant, client) = ready().await;
    tenant.put_session_with(LSID, &report(), &[("pad_messages", "5000"), ("pad_characters", "500")]).await;
    let session = fetch(&client).await.unwrap();
    assert_eq!((session.events.len(), session.omitted.events), (5016, 0));
}

#[tokio::test]
async fn harmed_calls_are_told_apart() {
    let (simulator, tenant, client) = ready().await;
    let elsewhere = simulator.tenant("elsewhere");
    let redirect = FaultAction::Redirect { status: 302, location: format!("{}/api/reporting", elsewhere.url()) };
    fetch(&client).await.unwrap();
    let harms = [
        (FaultAction::Reset, "unknown"),
        (FaultAction::AnswerLost { reset: true }, "unknown"),
        (FaultAction::HalfBody, "unknown"),
        (FaultAction::Garbage, "unreadable"),
        (redirect, "unknown"),
    ];
    for (action, expected) in harms {
        let told = format!("{action:?}");
        tenant.fault(Fault::new(action).on("POST", "/api/reporting").times(1)).await;
        let failure = fetch(&client).await.unwrap_err();
        let kind = match failure {
            Failure::Unknown { .. } => "unknown",
            Failure::Unreadable { .. } => "unreadable",
            _ => "another",
        };
        assert_eq!(kind, expected, "{told}: {failure}");
    }
    assert!(elsewhere.calls().await.is_empty());
}

#[tokio::test]
async fn hostile_report_is_unreadable() {
    let (_simulator, tenant, client) = ready().await;
    let bomb = format!(
        "<!DOCTYPE a [<!ENTITY b \"bb\">]><session_list><session lsid=\"{LSID}\"><lseq>&b;</lseq></session></session_list>"
    );
    tenant.put_session_with(LSID, &bomb, &[("verbatim", "true")]).await;
    let what = Sentence::new("the report: a document type declaration, at byte 0");
    assert_eq!(fetch(&client).await, Err(Failure::Unreadable { what }));
}

/// The hour in which the canonical session ended, and its last second.
const HOUR: (&str, &str) = ("2025-03-18T13:00:00Z", "2025-03-18T14:00:00Z");
const END: &str = "2025-03-18T13:27:20Z";

async fn listed(client: &ApplianceClient, (from, until): (&str, &str)) -> Result<Listing, Failure> {
    let window = Window::new(from.parse().unwrap(), until.parse().unwrap()).unwrap();
    client.ended_between(window, PATIENCE).await
}

#[tokio::test]
async fn session_is_listed_in_the_window_in_which_it_ended() {
    let (_simulator, tenant, client) = ready().await;
    tenant.put_session("5e55", &report().replace("1742304440", "1742308041")).await;
    tenant.stop_clock_at("2025-03-18T15:00:00Z".parse().unwrap()).await;
    let listing = listed(&client, HOUR).await.unwrap();
    assert_eq!(listing.source_now, Some("2025-03-18T15:00:00Z".parse().unwrap()));
    let session = EndedSession {
        lsid: LSID.parse().unwrap(),
        sequence: Some(48213),
        ended_at: Some(END.parse().unwrap()),
        external_key: Some("T20250318.0042".to_owned()),
    };
    assert_eq!(listing.sessions, [session]);
    assert_eq!(tenant.count("POST", "SupportSessionListing").await, 1);
}

#[tokio::test]
async fn window_begins_with_its_first_second_and_may_take_in_the_one_after_its_last() {
    let (_simulator, tenant, client) = ready().await;
    let count = async |from: &str, until: &str| listed(&client, (from, until)).await.unwrap().sessions.len();
    assert_eq!(count(END, "2025-03-18T13:27:21Z").await, 1);
    assert_eq!(count("2025-03-18T13:27:21Z", HOUR.1).await, 0);
    assert_eq!(count(HOUR.0, END).await, 0);
    tenant.settings(serde_json::json!({ "window_end": "included" })).await;
    assert_eq!(count(HOUR.0, END).await, 1);
}

#[tokio::test]
async fn empty_window_is_an_empty_list_however_the_appliance_says_so() {
    let (_simulator, tenant, client) = ready().await;
    for nothing_found in ["error_root", "error_child", "empty_list"] {
        for error_style in ["plain", "attributes", "namespace"] {
            tenant.settings(serde_json::json!({ "nothing_found": nothing_found, "error_style": error_style })).await;
            let listing = listed(&client, (HOUR.1, "2025-03-18T15:00:00Z")).await.unwrap();
            assert!(listing.sessions.is_empty(), "{nothing_found}, {error_style}");
        }
    }
}

#[tokio::test]
async fn list_that_says_no_more_than_the_reference_names_has_neither_numbers_nor_ends() {
    let (_simulator, tenant, client) = ready().await;
    tenant.settings(serde_json::json!({ "listing": "bare" })).await;
    let sessions = listed(&client, HOUR).await.unwrap().sessions;
    assert_eq!((sessions.len(), sessions[0].sequence, sessions[0].ended_at), (1, None, None));
    assert_eq!(sessions[0].external_key.as_deref(), Some("T20250318.0042"));
}

#[tokio::test]
async fn list_needs_the_right_to_reports_and_a_token_that_ended_is_renewed() {
    let (_simulator, tenant, client) = ready().await;
    listed(&client, HOUR).await.unwrap();
    tenant.invalidate_tokens().await;
    assert_eq!(listed(&client, HOUR).await.unwrap().sessions.len(), 1);
    tenant.settings(serde_json::json!({ "may_report": false })).await;
    let outcome = listed(&client, HOUR).await;
    assert!(matches!(outcome, Err(Failure::Blocked { .. })), "{outcome:?}");
}

#[tokio::test]
async fn rights_of_the_account_are_told_whatever_they_are() {
    let (_simulator, tenant, client) = ready().await;
    client.reach(PATIENCE).await.unwrap();
    client.authenticate(PATIENCE).await.unwrap();
    let everything = client.api_information(PATIENCE).await.unwrap();
    assert_eq!((everything.command_right(), everything.may_report()), (CommandRight::Full, Some(true)));
    tenant.settings(serde_json::json!({ "may_command": "none", "may_report": false })).await;
    let nothing = client.api_information(PATIENCE).await.unwrap();
    assert_eq!((nothing.command_right(), nothing.may_report()), (CommandRight::None, Some(false)));
    let stranger = self::client(&tenant, account("another-secret"));
    assert!(matches!(stranger.authenticate(PATIENCE).await, Err(Failure::CredentialsRefused { .. })));
}

#[tokio::test]
async fn session_key_carries_the_external_key_for_as_long_as_it_is_told() {
    let (_simulator, tenant, client) = ready().await;
    tenant.stop_clock_at("2025-03-18T13:00:00Z".parse().unwrap()).await;
    let minutes = std::num::NonZeroU32::new(30);
    let key = client.session_key(&WaitsFor::General, "T20250318.0042", minutes, PATIENCE).await.unwrap();
    assert_eq!((key.external_key.as_deref(), key.available), (Some("T20250318.0042"), Some(false)));
    assert_eq!(key.expires_at.to_string(), "2025-03-18T13:30:00Z");
    assert!(key.mail_body.contains(&key.url) && key.url.starts_with(tenant.url()));
    let day = client.session_key(&WaitsFor::Team(4), "T20250318.0042", None, PATIENCE).await.unwrap();
    assert_eq!(day.expires_at.to_string(), "2025-03-19T13:00:00Z");
}

#[tokio::test]
async fn session_key_is_refused_without_the_right_or_for_nobody() {
    let (_simulator, tenant, client) = ready().await;
    tenant.settings(serde_json::json!({ "logins": ["dwhitfield"] })).await;
    let nobody = client.session_key(&WaitsFor::Representative("nobody".to_owned()), "T1", None, PATIENCE).await;
    assert!(matches!(nobody, Err(Failure::Refused { .. })));
    tenant.settings(serde_json::json!({ "may_command": "read_only" })).await;
    let Err(Failure::Blocked { remedy, .. }) = client.session_key(&WaitsFor::General, "T1", None, PATIENCE).await else {
        panic!("the right is missing")
    };
    assert!(remedy.to_string().contains("Command API"));
    assert_eq!(client.teams(PATIENCE).await.unwrap().len(), 2, "reading is allowed");
}
