//! The settings of an appliance client, checked when the client is made.

use reqwest::header::{ACCEPT_LANGUAGE, CONNECTION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};
use secrecy::SecretString;

use super::CONNECT_TIMEOUT;

/// Where an appliance is and how to be let in.
#[derive(Debug, Clone)]
pub struct ApplianceConfig {
    /// `https://<host>`, optionally with a port and a path, which then stands before every path of the vendor's interfaces.
    pub url: Url,
    /// What to show at the door.
    pub credentials: Credentials,
    /// The language in which the appliance should name things, such as `en-us`. Sent as `Accept-Language`: the old plugin had such a
    /// setting, but which parameter it set is documented nowhere.
    pub locale: Option<String>,
    /// PEM text of one or more authorities to trust besides the system's own.
    pub ca_certificate: Option<String>,
    /// Accept any certificate. Whoever is in between then reads the credentials.
    pub allow_invalid_certificates: bool,
    /// Accept an `http://` URL, for a test or an appliance on a wire of one's own.
    pub allow_plain_http: bool,
}

/// How the appliance knows us.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An API account (appliances since 16.2).
    OAuth {
        /// Its client id.
        client_id: String,
        /// Its client secret.
        client_secret: SecretString,
    },
    /// A user (appliances before 16.2).
    Password {
        /// The login name.
        username: String,
        /// The password.
        password: SecretString,
    },
}

/// A setting with which no client can be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Neither `https` nor `http`.
    #[error("`url` must begin with https://")]
    Scheme,
    /// `http` without permission. OAuth secrets and passwords would travel in the clear.
    #[error("`url` begins with http://, which needs `allow_plain_http`")]
    PlainHttp,
    /// User, password, query or fragment: secrets have their own settings, and the rest has no meaning here.
    #[error("`url` must hold nothing but a host, a port and a path")]
    UrlParts,
    /// Not PEM, or no certificate in it.
    #[error("`ca_certificate` holds no certificate in PEM format")]
    CaCertificate,
    /// Not fit for a header.
    #[error("`locale` is not a language such as en-us")]
    Locale,
    /// The HTTP client cannot be made, for instance for want of any trusted authority.
    #[error("no HTTP client could be made")]
    Http(#[source] reqwest::Error),
}

impl ApplianceConfig {
    pub(super) fn base_url(&self) -> Result<Url, ConfigError> {
        let url = &self.url;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_plain_http => {}
            "http" => return Err(ConfigError::PlainHttp),
            _ => return Err(ConfigError::Scheme),
        }
        let extra = !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some();
        if extra { Err(ConfigError::UrlParts) } else { Ok(url.clone()) }
    }

    pub(super) fn http_client(&self) -> Result<Client, ConfigError> {
        let mut builder = Client::builder()
            .user_agent(concat!("session-bridge/", env!("CARGO_PKG_VERSION")))
            .default_headers(self.headers()?)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            // A proxy named in the environment would be given the credentials of a plain-http appliance and decide where calls go; where
            // the appliance is, the connection document says, and the clients for AWS take no proxy either.
            .no_proxy()
            // "You must close the connection after each API call" (vendor reference).
            .pool_max_idle_per_host(0)
            .http1_only()
            .tls_danger_accept_invalid_certs(self.allow_invalid_certificates);
        if let Some(pem) = &self.ca_certificate {
            builder = builder.tls_certs_merge(certificates(pem)?);
        }
        builder.build().map_err(ConfigError::Http)
    }

    fn headers(&self) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if let Some(locale) = &self.locale {
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(locale.trim()).map_err(|_| ConfigError::Locale)?);
        }
        Ok(headers)
    }
}

fn certificates(pem: &str) -> Result<Vec<Certificate>, ConfigError> {
    match Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(ConfigError::CaCertificate),
    }
}
