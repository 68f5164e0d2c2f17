//! The client of one appliance: fetches the report of a session, with a token or with a user's password.
//!
//! One call is one request on a connection of its own (and one for a token, when there is none): the vendor demands that the
//! connection is closed after each call. Redirects are never followed, since they would carry the credentials elsewhere.
//! Credentials travel in a header or a body, never in a URL. Every failure comes back as a [`Failure`] that says what to do
//! next; nothing is repeated here but a call whose token was refused, once, with a fresh one. A token can be handed to other
//! processes, sealed; where it lies in between is not known here.

use std::io;
use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use session::{ApplianceId, Failure, Lsid, Sentence, SupportSession};
use tokio_util::io::StreamReader;

mod answer;
mod config;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod sealed_token;
mod token;

pub use config::{ApplianceConfig, ConfigError, Credentials};
pub use sealed_token::SealedToken;
use token::TokenSource;

use crate::report::read_report_async;

/// How long to wait for a connection. An appliance that is there answers in milliseconds; one that is not should not use up the
/// time in which another session could be served.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a call may take as a whole, the token's and the reading of the report included.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The client of one appliance. Shared by reference: calls at the same time share one token.
pub struct ApplianceClient {
    http: Client,
    reporting: Url,
    access: Access,
}

enum Access {
    Token(TokenSource),
    Password { username: String, password: SecretString },
}

impl ApplianceClient {
    /// A client by its settings. Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the setting. Trying again does not help.
    pub fn new(config: ApplianceConfig) -> Result<Self, ConfigError> {
        let base = config.base_url()?;
        Ok(Self {
            http: config.http_client()?,
            reporting: below(&base, &["api", "reporting"]),
            access: match config.credentials {
                Credentials::OAuth { client_id, client_secret } => {
                    Access::Token(TokenSource::new(below(&base, &["oauth2", "token"]), client_id, client_secret))
                }
                Credentials::Password { username, password } => Access::Password { username, password },
            },
        })
    }

    /// The session as the appliance reports it now, within `time_left` and [`CALL_TIMEOUT`].
    ///
    /// It may be running still, or lack what a later report has: the caller judges that.
    ///
    /// # Errors
    ///
    /// - [`Failure::NotReady`]: the appliance has no report of it, in its own words; it may later.
    /// - [`Failure::Unrecognised`]: the appliance answers with an error whose text is not known here: it may be either of the two
    ///   beside it.
    /// - [`Failure::Blocked`]: the appliance says that a right or a setting is missing, and the remedy where to grant it.
    /// - [`Failure::CredentialsRefused`]: 401, 403, a login that failed or a client that is refused, also with a fresh token.
    /// - [`Failure::NotTaken`]: no connection, or told to slow down (429).
    /// - [`Failure::Unreadable`]: the answer is not a report, is cut off or is over a bound.
    /// - [`Failure::Unknown`]: anything else, such as a time-out, a lost connection, a redirect or another status.
    pub async fn fetch_report(&self, lsid: &Lsid, time_left: Duration) -> Result<SupportSession, Failure> {
        let allowed = time_left.min(CALL_TIMEOUT);
        tokio::time::timeout(allowed, self.fetch(lsid)).await.unwrap_or_else(|_| {
            let what = format!("no whole answer within {} ms", allowed.as_millis());
            Err(Failure::Unknown { what: Sentence::new(&what) })
        })
    }

    /// Whether it works with tokens: with a user's password there is nothing to share.
    #[must_use]
    pub const fn uses_tokens(&self) -> bool {
        matches!(self.access, Access::Token(_))
    }

    /// Uses the token that a client of the same API account has shared, unless there is one in use. Returns whether it does:
    /// what cannot be opened (sealed for another appliance or with another secret, damaged), or is about to expire `now`, is
    /// left alone. A token that turns out to be refused is renewed by the next call, as any.
    pub async fn adopt(&self, appliance: &ApplianceId, sealed: &[u8], now: Timestamp) -> bool {
        match &self.access {
            Access::Token(tokens) => tokens.adopt(appliance, sealed, now).await,
            Access::Password { .. } => false,
        }
    }

    /// The token in use, sealed for other clients of the same API account and good to be [adopted](Self::adopt) there; each one
    /// that was issued to this client once, and none that was adopted or is about to expire `now`.
    pub async fn token_to_share(&self, appliance: &ApplianceId, now: Timestamp) -> Option<SealedToken> {
        match &self.access {
            Access::Token(tokens) => tokens.to_share(appliance, now).await,
            Access::Password { .. } => None,
        }
    }

    async fn fetch(&self, lsid: &Lsid) -> Result<SupportSession, Failure> {
        let tokens = match &self.access {
            Access::Password { username, password } => {
                let user = [("username", username.as_str()), ("password", password.expose_secret())];
                return read(self.report_request(lsid, &user), lsid).await;
            }
            Access::Token(tokens) => tokens,
        };
        let token = tokens.current(&self.http).await?;
        let with_token = |token: &token::Token| self.report_request(lsid, &[]).bearer_auth(token.expose_secret());
        match read(with_token(&token), lsid).await {
            // How an appliance refuses a token that expired early (the 31st token silently ends the first) is documented nowhere: any
            // refusal may be that.
            Err(Failure::CredentialsRefused { .. }) => {
                let renewed = tokens.renewed(&self.http, &token).await?;
                read(with_token(&renewed), lsid).await
            }
            outcome => outcome,
        }
    }

    fn report_request(&self, lsid: &Lsid, user: &[(&str, &str)]) -> RequestBuilder {
        let mut form = vec![("generate_report", "SupportSession"), ("lsid", lsid.as_str())];
        form.extend_from_slice(user);
        self.http.post(self.reporting.clone()).form(&form)
    }
}

async fn read(request: RequestBuilder, lsid: &Lsid) -> Result<SupportSession, Failure> {
    let response = request.send().await.map_err(|error| answer::call_failed(&error))?;
    answer::accepted(&response, "the report")?;
    Ok(read_report_async(body(response), lsid).await?)
}

fn body(response: Response) -> impl tokio::io::AsyncBufRead + Unpin {
    StreamReader::new(Box::pin(response.bytes_stream().map_err(io::Error::other)))
}

/// The address below the base URL, whose own path stays in front.
fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests;
