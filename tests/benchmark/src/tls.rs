//! TLS as on a real wire, with a certificate authority that is made for the run: its certificates, what makes the clients
//! trust it, and a front for servers that speak plain HTTP.
//!
//! Reading whom to trust is a part of a cold start, so each client reads as much as it does in the cloud: those in Rust the
//! authorities of Amazon that they have compiled in (here from a file, with the run's own among them; `shared/aws`), those in
//! Python a bundle of all that the machine trusts. Not as on a real wire: a certificate is verified against its root,
//! without one in between.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::aws::listen;
use crate::{Error, Places};

/// How everything here is called. A name, as the real ones have, so that looking it up is a part of connecting.
pub(crate) const HOST: &str = "localhost";
/// Where Linux distributions keep what the machine trusts: Debian, Amazon Linux.
const BUNDLES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
/// Amazon's own authorities.
const AMAZON: &str = "shared/aws/roots/amazon.pem";
const PEM_LINE: usize = 64;

/// How a function talks to what is outside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Plain,
    Tls,
}

impl Wire {
    pub(crate) const ALL: [Self; 2] = [Self::Plain, Self::Tls];

    /// For headings.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain HTTP",
            Self::Tls => "TLS",
        }
    }

    /// For URLs.
    pub(crate) const fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "http",
            Self::Tls => "https",
        }
    }
}

/// A certificate authority of its own, and a server certificate for [`HOST`].
pub(crate) struct Authority {
    pub(crate) acceptor: TlsAcceptor,
    /// It and Amazon's.
    few: PathBuf,
    /// It and all that the machine trusts.
    all: PathBuf,
}

impl Authority {
    /// A new one. The files that make clients trust it go beside the logs.
    ///
    /// # Errors
    /// If the certificates cannot be made, or the files not written.
    pub(crate) fn new(places: &Places) -> Result<Self, Error> {
        let key = KeyPair::generate()?;
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "Session Bridge benchmark");
        let certificate = authority.self_signed(&key)?;
        let issuer = Issuer::new(authority, key);

        let server_key = KeyPair::generate()?;
        let server = CertificateParams::new(vec![HOST.to_owned()])?.signed_by(&server_key, &issuer)?;
        let server_key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![server.der().clone()], server_key)?;

        let own = pem(certificate.der());
        let amazon = fs::read_to_string(places.root.join(AMAZON))?;
        let (few, all) = (places.logs.join("few-authorities.pem"), places.logs.join("all-authorities.pem"));
        fs::write(&few, amazon + &own)?;
        fs::write(&all, trusted_by_machine() + &own)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), few, all })
    }

    /// What makes a function trust it: in Rust, in Python's AWS SDK, in Python's requests.
    pub(crate) fn variables(&self) -> [(&'static str, String); 3] {
        [("SSL_CERT_FILE", &self.few), ("AWS_CA_BUNDLE", &self.all), ("REQUESTS_CA_BUNDLE", &self.all)]
            .map(|(name, file)| (name, file.display().to_string()))
    }

    /// A front with TLS for a server that speaks plain HTTP; it ends with the task set.
    ///
    /// # Errors
    /// If no port can be had.
    pub(crate) async fn front(&self, server: SocketAddr, tasks: &mut JoinSet<()>) -> Result<SocketAddr, Error> {
        let (address, listener) = listen().await?;
        tasks.spawn(forward(listener, self.acceptor.clone(), server));
        Ok(address)
    }
}

/// What the machine trusts; nothing where it trusts nobody.
fn trusted_by_machine() -> String {
    BUNDLES.iter().find_map(|path| fs::read_to_string(path).ok()).unwrap_or_default()
}

fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: String = text.as_bytes().chunks(PEM_LINE).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect();
    format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n")
}

async fn forward(listener: TcpListener, acceptor: TlsAcceptor, server: SocketAddr) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            // Both sides notice by themselves when the other one has gone.
            let _ = connect(client, acceptor, server).await;
        });
    }
}

async fn connect(client: TcpStream, acceptor: TlsAcceptor, server: SocketAddr) -> Result<(), Error> {
    client.set_nodelay(true)?;
    let mut client = acceptor.accept(client).await?;
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
