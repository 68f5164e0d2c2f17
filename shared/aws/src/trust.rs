//! Whose word is taken for a server being AWS: Amazon's own authorities first, the machine's bundle of all authorities after.
//!
//! Reading the machine's bundle (some 140 certificates) is most of what it takes to start a small function, and almost no
//! call needs it: AWS's endpoints have certificates of Amazon's five authorities, which are compiled in (`roots/`). The
//! bundle is read when one of those calls is refused for its certificate, so that a change of authority, another partition
//! of AWS, or a proxy that inspects TLS cost a slower start and no deployment.
//!
//! It decides about AWS only; the appliance and the ticketing system have clients of their own.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, HttpClientError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Amazon's authorities: see `roots/README.md`.
const AMAZON: &[u8] = include_bytes!("../roots/amazon.pem");

/// The one HTTP client for all calls to AWS.
///
/// It has no look for a proxy in the environment: Lambda has none, and a developer's proxy must not be asked for the local
/// AWS.
pub(crate) fn http_client() -> SharedHttpClient {
    // A file of one's own is for the machines of AWS too, and is as short as one wants it.
    if own_bundle() { https(TrustStore::default()) } else { trusting(amazon(), TrustStore::default()) }
}

/// Whether somebody has said which bundle to use instead of the machine's.
#[expect(clippy::disallowed_methods, reason = "the two variables that every program on the machine takes its bundle from")]
fn own_bundle() -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty()))
}

fn amazon() -> TrustStore {
    TrustStore::empty().with_pem_certificate(AMAZON)
}

/// A client that takes the word of `first`, and from the first call on for which that does not do, of `second`.
fn trusting(first: TrustStore, second: TrustStore) -> SharedHttpClient {
    let second = Second { wanted: AtomicBool::new(false), client: https(second) };
    SharedHttpClient::new(Trusting { first: https(first), second: Arc::new(second) })
}

/// The SDK's own client. It reads its trust store when it is first used.
fn https(trusted: TrustStore) -> SharedHttpClient {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let context: Result<_, HttpClientError> = TlsContext::builder().with_trust_store(trusted).build();
    match context {
        Ok(context) => client.tls_context(context).build_https(),
        // Without a context of ours it trusts the machine's bundle, which is never wrong.
        Err(_) => client.build_https(),
    }
}

#[derive(Debug)]
struct Trusting {
    first: SharedHttpClient,
    second: Arc<Second>,
}

#[derive(Debug)]
struct Second {
    /// Whether the first has been of no use once: then nobody asks it again.
    wanted: AtomicBool,
    client: SharedHttpClient,
}

impl HttpClient for Trusting {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        if self.second.wanted.load(Ordering::Relaxed) {
            return self.second.client.http_connector(settings, components);
        }
        SharedHttpConnector::new(Connector {
            first: self.first.http_connector(settings, components),
            second: Arc::clone(&self.second),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    first: SharedHttpConnector,
    second: Arc<Second>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let again = request.try_clone();
        let first = self.first.call(request);
        let (second, settings, components) = (Arc::clone(&self.second), self.settings.clone(), self.components.clone());
        HttpConnectorFuture::new(async move {
            match (first.await, again) {
                // Nothing of the request was sent: the certificate comes before it.
                (Err(error), Some(again)) if is_distrust(&error) => {
                    if !second.wanted.swap(true, Ordering::Relaxed) {
                        tracing::warn!("AWS has a certificate that is not of Amazon's authorities: the machine's bundle is read");
                    }
                    second.client.http_connector(&settings, &components).call(again).await
                }
                (answer, _) => answer,
            }
        })
    }
}

/// Whether the server's certificate was refused, whatever the layers between have made of it.
fn is_distrust(error: &ConnectorError) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        // An I/O error that carries another one does not name it as its source, but that one's source.
        let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match carried {
            Some(carried) => Some(carried),
            None => error.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests;
