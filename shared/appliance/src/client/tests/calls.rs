//! What goes over the wire when all is well.

use super::*;

#[tokio::test]
async fn report_is_asked_for_with_a_token_below_the_path_of_the_url() {
    let server = Server::with_tokens(report).await;
    let prefixed = ApplianceConfig { locale: Some("en-us".to_owned()), ..config(&format!("{}/t/default/", server.url)) };
    let session = fetch(&ApplianceClient::new(prefixed).unwrap()).await.unwrap();
    assert_eq!((session.sequence, session.events.len()), (Some(48213), 16));

    let calls = server.calls();
    assert_eq!(
        calls.iter().map(|call| call.uri.to_string()).collect::<Vec<_>>(),
        ["/t/default/oauth2/token", "/t/default/api/reporting"]
    );
    for call in &calls {
        assert_eq!(call.method, Method::POST);
        assert_eq!(call.header("connection"), Some("close"));
        assert_eq!(call.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(call.header("accept-language"), Some("en-us"));
        assert!(call.header("user-agent").unwrap().starts_with("session-bridge/"));
    }
    assert_eq!(calls[0].body, "grant_type=client_credentials");
    use base64::Engine;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{SECRET}"));
    assert_eq!(calls[0].header("authorization"), Some(&*format!("Basic {basic}")));
    assert_eq!(calls[1].header("authorization"), Some("Bearer T1"));
    assert_eq!(calls[1].body, format!("generate_report=SupportSession&lsid={LSID}"));
}

#[tokio::test]
async fn password_travels_in_the_body_of_each_call() {
    let server = Server::start(report).await;
    let credentials = Credentials::Password { username: "reporter".to_owned(), password: SECRET.into() };
    let client = ApplianceClient::new(ApplianceConfig { credentials, ..config(&server.url) }).unwrap();
    fetch(&client).await.unwrap();

    let calls = server.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].uri, "/api/reporting");
    assert_eq!(calls[0].header("authorization"), None);
    let body: Vec<_> = form_urlencoded::parse(calls[0].body.as_bytes()).into_owned().collect();
    let expected = [("generate_report", "SupportSession"), ("lsid", LSID), ("username", "reporter"), ("password", SECRET)];
    assert_eq!(body, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn report_is_read_as_it_arrives_in_pieces() {
    let server = Server::with_tokens(|_| {
        let pieces: Vec<_> =
            sample("printer.xml").into_bytes().chunks(7).map(|piece| Ok::<_, io::Error>(Bytes::copy_from_slice(piece))).collect();
        xml(200, Body::from_stream(futures_util::stream::iter(pieces)))
    })
    .await;
    assert_eq!(fetch(&server.client()).await.unwrap().events.len(), 16);
}

#[tokio::test]
async fn report_with_a_foreign_byte_is_read_and_the_letter_counted() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/reports/invalid-utf8.xml");
    let bytes = std::fs::read(path).unwrap();
    let server = Server::with_tokens(move |_| xml(200, bytes.clone())).await;
    let session = fetch(&server.client()).await.unwrap();
    assert_eq!((session.events.len(), session.replaced_characters), (16, 1));
}
