//! A front with TLS for a simulator that speaks plain HTTP, with a certificate of an authority that nobody else knows: as an appliance
//! inside a company has it.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// It serves until it is dropped.
pub(crate) struct TlsFront {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// The authority's certificate, PEM.
    pub(crate) authority: String,
    _serving: JoinSet<()>,
}

impl TlsFront {
    /// A front for the server at that address (`host:port`).
    pub(crate) async fn of(server: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = authority.self_signed(&key).unwrap();
        let issuer = Issuer::new(authority, key);
        let server_key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&server_key, &issuer).unwrap();
        let server_key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![own.der().clone()], server_key);
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, acceptor, server.to_owned()));
        Self { address, authority: certificate.pem(), _serving: serving }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, server: String) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (acceptor, server) = (acceptor.clone(), server.clone());
        connections.spawn(async move {
            // Whoever does not trust the certificate hangs up, which is what some of these tests are about.
            if let (Ok(mut client), Ok(mut server)) = (acceptor.accept(client).await, TcpStream::connect(server).await) {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}
