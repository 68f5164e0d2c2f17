//! A queue behind real TLS, whose certificate is of an authority that nobody knows but who is told of it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_credential_types::Credentials;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const ANSWER: &str = r#"{"QueueUrls":["https://localhost/a"]}"#;

/// A queue service that was started, and what it takes to trust it.
struct Server {
    endpoint: String,
    authority: String,
    /// The connections whose handshake did not come to its end.
    refused: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let (authority, acceptor) = identity();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let refused = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&refused);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                match acceptor.accept(stream).await {
                    Ok(stream) => drop(tokio::spawn(answer(stream))),
                    Err(_) => drop(counter.fetch_add(1, Ordering::SeqCst)),
                }
            }
        });
        Self { endpoint, authority, refused }
    }

    fn trusted(&self) -> TrustStore {
        TrustStore::empty().with_pem_certificate(self.authority.as_bytes())
    }

    async fn can_be_asked_with(&self, client: &SharedHttpClient) -> bool {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .endpoint_url(&self.endpoint)
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            .http_client(client.clone());
        let queues = aws_sdk_sqs::Client::from_conf(config.build()).list_queues().send().await;
        queues.is_ok_and(|queues| queues.queue_urls().len() == 1)
    }

    fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

/// An authority, and a server for `localhost` that it vouches for.
fn identity() -> (String, TlsAcceptor) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .unwrap();
    (authority_certificate.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// The same answer to each request; all requests of these tests are shorter than the buffer.
async fn answer(mut stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>) {
    let mut request = [0; 16 * 1024];
    while matches!(stream.read(&mut request).await, Ok(length) if length > 0) {
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n", ANSWER.len());
        if stream.write_all(format!("{head}{ANSWER}").as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn first_authorities_do_without_the_second() {
    let server = Server::start().await;
    let client = trusting(server.trusted(), TrustStore::empty());
    assert!(server.can_be_asked_with(&client).await);
    assert_eq!(server.refused(), 0);
}

#[tokio::test]
async fn certificate_of_another_authority_is_taken_on_the_word_of_the_second() {
    let server = Server::start().await;
    let client = trusting(amazon(), server.trusted());
    assert!(server.can_be_asked_with(&client).await);
    assert_eq!(server.refused(), 1);
    // The first is not tried in vain again, by any client.
    assert!(server.can_be_asked_with(&client).await);
    assert_eq!(server.refused(), 1);
}

#[tokio::test]
async fn certificate_that_nobody_vouches_for_is_refused() {
    let (server, other) = (Server::start().await, Server::start().await);
    let client = trusting(amazon(), other.trusted());
    assert!(!server.can_be_asked_with(&client).await);
}

#[tokio::test]
async fn server_that_is_down_is_no_matter_of_trust() {
    let client = trusting(amazon(), TrustStore::empty());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    drop(listener);
    let down = Server { endpoint, authority: String::new(), refused: Arc::default() };
    assert!(!down.can_be_asked_with(&client).await);
    // Still the first: the second trusts nobody.
    let server = Server::start().await;
    assert!(!server.can_be_asked_with(&client).await);
}

/// The names and keys are checked against the authority's page by hand (`roots/README.md`); here, that the file is whole.
#[test]
fn amazons_authorities_can_be_read() {
    use rustls::pki_types::pem::PemObject as _;
    let certificates: Result<Vec<_>, _> = rustls::pki_types::CertificateDer::pem_slice_iter(AMAZON).collect();
    let certificates = certificates.unwrap();
    let mut roots = rustls::RootCertStore::empty();
    assert_eq!((certificates.len(), roots.add_parsable_certificates(certificates)), (5, (5, 0)));
}
