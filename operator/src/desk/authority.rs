//! Which authority the appliance must be given so that it trusts the receiver's address: found by trying Amazon's roots, one by
//! one, against the address itself. Nothing is sent over the connection.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

/// The public roots under which Amazon issues; "Amazon Root CA 1" is the first.
const AMAZON: &str = include_str!("../../../shared/aws/roots/amazon.pem");
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// A certificate authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Authority {
    /// What to upload.
    pub(crate) pem: String,
    /// By which a person compares it, in pairs of hexadecimal digits.
    pub(crate) sha256: String,
}

/// The authority that vouches for the address; none if it is no https address, nobody answers, or another authority does.
pub(crate) async fn of(url: &Url) -> Option<Authority> {
    let host = url.host_str().filter(|_| url.scheme() == "https")?;
    let port = url.port_or_known_default()?;
    for pem in roots() {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        if vouches(&certificate, host, port).await {
            return Some(Authority { sha256: fingerprint(&certificate), pem });
        }
    }
    None
}

fn roots() -> impl Iterator<Item = String> {
    let bodies = AMAZON.split(BEGIN).skip(1).filter_map(|rest| rest.split(END).next());
    bodies.map(|body| format!("{BEGIN}{body}{END}\n"))
}

async fn vouches(root: &CertificateDer<'static>, host: &str, port: u16) -> bool {
    let shaken = tokio::time::timeout(HANDSHAKE_TIME, async {
        let mut store = RootCertStore::empty();
        store.add(root.clone()).ok()?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
        let config = config.with_root_certificates(store).with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let connection = TcpStream::connect((host, port)).await.ok()?;
        TlsConnector::from(Arc::new(config)).connect(name, connection).await.ok()
    });
    matches!(shaken.await, Ok(Some(_)))
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn roots_are_certificates_and_the_first_is_the_one_of_function_urls() {
        let certificates: Vec<_> = roots().map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).collect();
        assert!(certificates.len() > 1);
        // Amazon Root CA 1, as its publisher shows it.
        assert!(fingerprint(&certificates[0]).starts_with("8E:CD:E6:88:4F:3D:87:B1"), "{}", fingerprint(&certificates[0]));
    }

    #[tokio::test]
    async fn address_without_tls_has_none() {
        for url in ["http://127.0.0.1:9/ERSPost", "https://127.0.0.1:9/ERSPost"] {
            assert_eq!(of(&url.parse().unwrap()).await, None);
        }
    }
}
