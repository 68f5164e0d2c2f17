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
