//! One token for all calls, renewed when it must be and no more often; and what a refused one is.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;

use super::*;

/// A server that numbers its tokens and takes the latest only, from a certain number on.
async fn numbering(takes_from: usize, expires_in: u64) -> Server {
    let given = AtomicUsize::new(0);
    Server::start(move |call| {
        if call.is_for_token() {
            return token(&format!("T{}", given.fetch_add(1, Ordering::SeqCst) + 1), expires_in);
        }
        let shown: usize = call.header("authorization").unwrap().trim_start_matches("Bearer T").parse().unwrap();
        if shown >= takes_from { report(call) } else { xml(401, "") }
    })
    .await
}

#[tokio::test]
async fn token_is_used_until_it_is_about_to_expire() {
    for (expires_in, requests) in [(3600, 1), (1799, 1), (0, 3)] {
        let server = numbering(1, expires_in).await;
        let client = server.client();
        for _ in 0..3 {
            fetch(&client).await.unwrap();
        }
        assert_eq!(server.count(Call::is_for_token), requests, "expires_in {expires_in}");
    }
}

#[tokio::test]
async fn calls_at_the_same_time_share_one_token_and_one_renewal() {
    let server = numbering(2, 3600).await;
    let client = server.client();
    let outcomes = join_all((0..8).map(|_| fetch(&client))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(server.count(Call::is_for_token), 2);
}

#[tokio::test]
async fn refused_token_is_renewed_once_and_no_more() {
    let server = numbering(2, 3600).await;
    fetch(&server.client()).await.unwrap();
    assert_eq!(server.calls().len(), 4);

    let server = numbering(usize::MAX, 3600).await;
    let failure = failure_of(&server.client()).await;
    assert_eq!(failure.to_string(), "credentials refused: the report was answered 401");
    assert_eq!(server.calls().len(), 4);
}

#[tokio::test]
async fn answer_to_a_token_request_is_read_as_loosely_as_vendors_write_it() {
    for answer in [
        r#"{"access_token":"T1","token_type":"bearer","expires_in":"1799","scope":null}"#,
        r#"{"token_type":"BEARER","access_token":"T1"}"#,
        r#"{"token_type":"Bearer","access_token":"T1","expires_in":1e300}"#,
        r#"{"token_type":"Bearer","access_token":"T1","expires_in":-1,"error":null}"#,
    ] {
        let server = Server::start(move |call| if call.is_for_token() { json(200, answer) } else { report(call) }).await;
        assert!(fetch(&server.client()).await.is_ok(), "{answer}");
    }
}

#[tokio::test]
async fn refused_client_is_told_in_the_vendors_words() {
    let refused = |status, body: &'static str| async move {
        let server = Server::start(move |_| json(status, body)).await;
        let failure = failure_of(&server.client()).await;
        assert_eq!(server.calls().len(), 1, "asked again although refused");
        failure.to_string()
    };
    let vendor = r#"{"error":"invalid_client","message":"Client authentication failed."}"#;
    for status in [200, 400, 401, 403] {
        assert_eq!(refused(status, vendor).await, "credentials refused: invalid_client: Client authentication failed.");
    }
    assert_eq!(
        refused(401, r#"{"error":"invalid_client","error_description":"No."}"#).await,
        "credentials refused: invalid_client: No."
    );
    assert_eq!(refused(401, "<html>").await, "credentials refused: the token request was answered 401");
    assert_eq!(
        refused(401, r#"{"error":"bad","message":"no client 0123456789abcdef"}"#).await,
        "credentials refused: the token request was refused"
    );
}

#[tokio::test]
async fn answer_that_is_no_token_is_unreadable() {
    let bodies = [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"access_token":"T1"}"#,
        r#"{"access_token":"T1","token_type":"mac"}"#,
        r#"{"access_token":"","token_type":"Bearer"}"#,
        r#"{"access_token":"a\nb","token_type":"Bearer"}"#,
    ];
    for body in bodies {
        let server = Server::start(move |_| json(200, body)).await;
        let failure = failure_of(&server.client()).await;
        assert_eq!(failure.to_string(), "unreadable: the answer to the token request holds no bearer token", "{body}");
    }
    let endless = Server::start(|_| json(200, &" ".repeat(100_000))).await;
    assert_eq!(failure_of(&endless.client()).await.to_string(), "unreadable: the answer to the token request is too long");
}

#[tokio::test]
async fn token_request_that_fails_otherwise_is_classified_as_any_call() {
    let failing = |status| async move {
        let server = Server::start(move |_| json(status, r#"{"error":"server_error"}"#)).await;
        failure_of(&server.client()).await.to_string()
    };
    assert_eq!(failing(500).await, "fate unknown: the token request was answered 500");
    assert_eq!(failing(404).await, "fate unknown: the token request was answered 404");
    assert_eq!(failing(429).await, "not taken: the token request was answered 429");
}

/// The moment at which tokens are shared and adopted in these tests.
fn moment(seconds_later: i64) -> Timestamp {
    "2030-03-18T14:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds_later)
}

fn acme() -> ApplianceId {
    "acme".parse().unwrap()
}

#[tokio::test]
async fn issued_token_is_offered_once_and_an_adopted_one_never() {
    let server = numbering(1, 3600).await;
    let (one, other) = (server.client(), server.client());
    assert!(one.token_to_share(&acme(), moment(0)).await.is_none());
    fetch(&one).await.unwrap();
    let shared = one.token_to_share(&acme(), moment(0)).await.unwrap();
    assert!((moment(3590)..=moment(3600)).contains(&shared.valid_until), "{}", shared.valid_until);
    assert!(one.token_to_share(&acme(), moment(0)).await.is_none());
    assert!(other.adopt(&acme(), &shared.bytes, moment(60)).await);
    fetch(&other).await.unwrap();
    assert!(other.token_to_share(&acme(), moment(60)).await.is_none());
    assert_eq!(server.count(Call::is_for_token), 1);
}

#[tokio::test]
async fn token_that_is_about_to_expire_is_neither_adopted_nor_offered() {
    let server = numbering(1, 3600).await;
    let client = server.client();
    fetch(&client).await.unwrap();
    let shared = client.token_to_share(&acme(), moment(0)).await.unwrap();
    for seconds_later in [3541, 3600, 100_000] {
        assert!(!server.client().adopt(&acme(), &shared.bytes, moment(seconds_later)).await, "{seconds_later} s later");
    }
    assert!(server.client().adopt(&acme(), &shared.bytes, moment(3500)).await);

    let short = numbering(1, 60).await;
    let client = short.client();
    fetch(&client).await.unwrap();
    assert!(client.token_to_share(&acme(), moment(0)).await.is_none());
}

#[tokio::test]
async fn token_in_use_is_not_exchanged_for_a_shared_one() {
    let server = numbering(1, 3600).await;
    let (one, other) = (server.client(), server.client());
    fetch(&one).await.unwrap();
    fetch(&other).await.unwrap();
    let shared = one.token_to_share(&acme(), moment(0)).await.unwrap();
    assert!(!other.adopt(&acme(), &shared.bytes, moment(0)).await);
}

#[tokio::test]
async fn token_that_cannot_be_opened_is_not_used() {
    let server = numbering(1, 3600).await;
    let client = server.client();
    fetch(&client).await.unwrap();
    let shared = client.token_to_share(&acme(), moment(0)).await.unwrap().bytes;
    let with = |credentials| ApplianceClient::new(ApplianceConfig { credentials, ..config(&server.url) }).unwrap();
    let other_secret = with(Credentials::OAuth { client_id: CLIENT_ID.to_owned(), client_secret: "another".into() });
    assert!(!other_secret.adopt(&acme(), &shared, moment(0)).await);
    let user = with(Credentials::Password { username: "jdoe".to_owned(), password: SECRET.into() });
    assert!(!user.adopt(&acme(), &shared, moment(0)).await);
    let client = server.client();
    assert!(!client.adopt(&ApplianceId::default(), &shared, moment(0)).await);
    assert!(!client.adopt(&acme(), b"", moment(0)).await);
    fetch(&client).await.unwrap();
    assert_eq!(server.count(Call::is_for_token), 2);
}

#[tokio::test]
async fn adopted_token_that_is_refused_is_renewed_once_and_the_new_one_offered() {
    let server = numbering(2, 3600).await;
    let source = numbering(1, 3600).await;
    let issuing = source.client();
    fetch(&issuing).await.unwrap();
    let shared = issuing.token_to_share(&acme(), moment(0)).await.unwrap();
    fetch(&server.client()).await.unwrap();
    let before = server.calls().len();

    let client = server.client();
    assert!(client.adopt(&acme(), &shared.bytes, moment(0)).await);
    fetch(&client).await.unwrap();
    let paths: Vec<_> = server.calls()[before..].iter().map(|call| call.uri.path().to_owned()).collect();
    assert_eq!(paths, ["/api/reporting", "/oauth2/token", "/api/reporting"]);
    assert!(client.token_to_share(&acme(), moment(0)).await.is_some());
}
