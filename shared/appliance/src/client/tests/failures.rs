//! What each way of failing becomes.

use session::Sentence;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

async fn failure_with(status: u16, headers: &'static [(&'static str, &'static str)]) -> Failure {
    let server = Server::with_tokens(move |_| {
        let mut response = xml(status, "<b>any body</b>");
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        response
    })
    .await;
    failure_of(&server.client()).await
}

#[tokio::test]
async fn each_status_has_its_failure() {
    let mut lines = Vec::new();
    for status in [201, 204, 301, 302, 307, 308, 400, 401, 403, 404, 408, 413, 500, 502, 503, 504] {
        lines.push(format!("{status}: {}", failure_with(status, &[("location", "/elsewhere?token=1")]).await));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn throttled_call_says_how_long_to_wait_if_the_appliance_does() {
    let throttled = |seconds: Option<u64>| Failure::NotTaken {
        what: Sentence::new("the report was answered 429"),
        throttled: true,
        retry_after: seconds.map(Duration::from_secs),
    };
    assert_eq!(failure_with(429, &[("retry-after", "120")]).await, throttled(Some(120)));
    assert_eq!(failure_with(429, &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]).await, throttled(None));
    assert_eq!(failure_with(429, &[]).await, throttled(None));
}

#[tokio::test]
async fn redirect_is_never_followed() {
    let elsewhere = Server::start(report).await;
    let target = elsewhere.url.clone();
    let server = Server::with_tokens(move |_| {
        let mut response = xml(307, "");
        response.headers_mut().insert("location", target.parse().unwrap());
        response
    })
    .await;
    assert!(matches!(failure_of(&server.client()).await, Failure::Unknown { .. }));
    assert!(elsewhere.calls().is_empty());
}

#[tokio::test]
async fn answers_of_the_appliance_are_classified_by_their_text() {
    let failing = |file: &'static str| async move {
        let server = Server::with_tokens(move |_| xml(200, sample(file))).await;
        (failure_of(&server.client()).await.to_string(), server.calls().len())
    };
    assert_eq!(failing("error-with-attributes.xml").await, ("not ready: Invalid lsid.".to_owned(), 2));
    assert_eq!(failing("empty-list.xml").await, ("not ready: empty".to_owned(), 2));
    assert_eq!(failing("truncated.xml").await, ("unreadable: the report: cut off at byte 5084".to_owned(), 2));
    // It may be how an appliance refuses a token that expired early.
    assert_eq!(failing("login-failed.xml").await, ("credentials refused: Login failed".to_owned(), 4));
}

#[tokio::test]
async fn failed_login_of_a_user_is_not_tried_again() {
    let server = Server::start(|_| xml(200, sample("login-failed.xml"))).await;
    let credentials = Credentials::Password { username: "reporter".to_owned(), password: SECRET.into() };
    let client = ApplianceClient::new(ApplianceConfig { credentials, ..config(&server.url) }).unwrap();
    assert!(matches!(failure_of(&client).await, Failure::CredentialsRefused { .. }));
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn refused_connection_is_certainly_not_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = failure_of(&ApplianceClient::new(config(&url)).unwrap()).await;
    assert!(matches!(failure, Failure::NotTaken { throttled: false, retry_after: None, .. }), "{failure:?}");
    assert!(failure.to_string().starts_with("not taken: no connection: Connection refused"), "{failure}");
}

#[tokio::test]
async fn host_that_does_not_speak_tls_is_certainly_not_taken() {
    let server = Server::start(report).await;
    let client = ApplianceClient::new(config(&server.url.replace("http://", "https://"))).unwrap();
    assert!(matches!(failure_of(&client).await, Failure::NotTaken { throttled: false, .. }));
    assert!(server.calls().is_empty());
}

/// A host that takes one request, answers with these bytes, and hangs up.
async fn hanging_up_after(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).await;
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    url
}

async fn failure_of_user(url: &str) -> Failure {
    let credentials = Credentials::Password { username: "reporter".to_owned(), password: SECRET.into() };
    failure_of(&ApplianceClient::new(ApplianceConfig { credentials, ..config(url) }).unwrap()).await
}

#[tokio::test]
async fn connection_lost_before_the_answer_leaves_the_fate_unknown() {
    let failure = failure_of_user(&hanging_up_after("").await).await;
    assert!(failure.to_string().starts_with("fate unknown: the connection was lost: "), "{failure}");
}

#[tokio::test]
async fn connection_lost_within_the_answer_leaves_the_fate_unknown() {
    let failure = failure_of_user(&hanging_up_after("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<session_list>").await).await;
    assert!(failure.to_string().starts_with("fate unknown: the report was lost at byte 14"), "{failure}");
    let failure =
        failure_of_user(&hanging_up_after("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ne\r\n<session_list>").await)
            .await;
    assert!(failure.to_string().starts_with("fate unknown: the report was lost at byte 14"), "{failure}");
}

#[tokio::test]
async fn host_that_speaks_something_else_leaves_the_fate_unknown() {
    assert!(matches!(failure_of_user(&hanging_up_after("SSH-2.0-OpenSSH_9.6\r\n").await).await, Failure::Unknown { .. }));
}

#[tokio::test]
async fn call_ends_when_the_time_left_is_used_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = ApplianceClient::new(config(&url)).unwrap();
    // The connection is accepted by the system; nobody ever answers.
    let failure = client.fetch_report(&lsid(), Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(failure, Failure::Unknown { what: Sentence::new("no whole answer within 50 ms") });
}
