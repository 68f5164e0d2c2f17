//! Lists of sessions over the wire.

use session::{Listing, Window};

use super::*;

fn window() -> Window {
    Window::new("2025-03-18T13:00:00Z".parse().unwrap(), "2025-03-18T14:00:00Z".parse().unwrap()).unwrap()
}

async fn list(client: &ApplianceClient) -> Result<Listing, Failure> {
    client.ended_between(window(), PATIENCE).await
}

fn summary(number: usize) -> String {
    format!(
        "<session_summary lsid=\"{number:032x}\"><lseq>{number}</lseq><external_key>T{number}</external_key></session_summary>\n"
    )
}

#[tokio::test]
async fn window_is_asked_for_by_seconds_and_the_clock_of_the_answer_is_told() {
    let server = Server::with_tokens(|_| {
        let list = format!("<session_summary_list>{}</session_summary_list>", summary(7));
        let mut response = xml(200, list);
        response.headers_mut().insert("date", "Tue, 18 Mar 2025 14:00:05 GMT".parse().unwrap());
        response
    })
    .await;
    let listing = list(&server.client()).await.unwrap();
    assert_eq!(listing.source_now, Some("2025-03-18T14:00:05Z".parse().unwrap()));
    assert_eq!((listing.sessions.len(), listing.sessions[0].sequence), (1, Some(7)));
    let calls = server.calls();
    assert_eq!(calls[1].uri, "/api/reporting");
    assert_eq!(calls[1].body, "generate_report=SupportSessionListing&end_time=1742302800&duration=3600");
    assert_eq!(calls[1].header("authorization"), Some("Bearer T1"));
}

#[tokio::test]
async fn answer_without_a_usable_clock_is_none_the_worse() {
    let server = Server::with_tokens(|_| {
        let mut response = xml(200, "<session_summary_list/>");
        response.headers_mut().insert("date", "yesterday".parse().unwrap());
        response
    })
    .await;
    assert_eq!(list(&server.client()).await, Ok(Listing::default()));
}

#[tokio::test]
async fn twenty_thousand_sessions_come_as_one_list_in_pieces() {
    let server = Server::with_tokens(|_| {
        let pieces = (0..20_000_usize).map(summary).chain(["</session_summary_list>".to_owned()]);
        let pieces: Vec<_> = ["<session_summary_list>".to_owned()].into_iter().chain(pieces).map(Ok::<_, io::Error>).collect();
        xml(200, Body::from_stream(futures_util::stream::iter(pieces)))
    })
    .await;
    let listing = list(&server.client()).await.unwrap();
    assert_eq!(listing.sessions.len(), 20_000);
    assert_eq!(listing.sessions[19_999].external_key.as_deref(), Some("T19999"));
}

#[tokio::test]
async fn failures_are_those_of_reports() {
    let failure = async |response: fn(&Call) -> Response| list(&Server::with_tokens(response).await.client()).await.unwrap_err();
    let refused = failure(|_| xml(200, "<error>Login failed</error>")).await;
    assert!(matches!(refused, Failure::CredentialsRefused { .. }), "{refused:?}");
    let blocked = failure(|_| xml(200, "<error>You do not have permission to access this report.</error>")).await;
    assert!(matches!(blocked, Failure::Blocked { .. }), "{blocked:?}");
    let throttled = failure(|_| xml(429, "")).await;
    assert!(matches!(throttled, Failure::NotTaken { throttled: true, .. }), "{throttled:?}");
    let truncated = failure(|_| xml(200, "<session_summary_list><session_summary lsid=\"a\"/>")).await;
    assert!(matches!(truncated, Failure::Unreadable { .. }), "{truncated:?}");
    let redirected = failure(|_| (StatusCode::FOUND, [("location", "/elsewhere")]).into_response()).await;
    assert!(matches!(redirected, Failure::Unknown { .. }), "{redirected:?}");
}

#[tokio::test]
async fn list_that_does_not_come_in_time_is_given_up() {
    let server =
        Server::with_tokens(|_| xml(200, Body::from_stream(futures_util::stream::pending::<io::Result<String>>()))).await;
    let client = server.client();
    let outcome = client.ended_between(window(), Duration::from_millis(200)).await;
    assert!(matches!(outcome, Err(Failure::Unknown { .. })), "{outcome:?}");
}
