//! The client of one appliance: fetches the report of a session, and the list of those that ended within a window, and gives a running
//! session its external key; with a token or with a user's password. For people it asks for rights and makes session keys.
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
use session::{ApplianceId, Failure, Listing, Lsid, Sentence, SupportSession, Window};
use tokio_util::io::StreamReader;

mod answer;
mod api_information;
mod command_answer;
mod config;
mod external_key;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod sealed_token;
mod session_key;
mod token;

pub use api_information::{ApiInformation, CommandRight};
pub use config::{ApplianceConfig, ConfigError, Credentials};
pub use sealed_token::SealedToken;
pub use session_key::{SessionKey, Team, WaitsFor};
use token::TokenSource;

use crate::report::{read_listing_async, read_report_async};

/// What to do when the appliance refuses the credentials.
pub const CREDENTIALS_REMEDY: &str = "check appliance.oauth in the connection document against the API account on the appliance's Management > API Configuration page";

/// How long to wait for a connection. An appliance that is there answers in milliseconds; one that is not should not use up the
/// time in which another session could be served.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a call may take as a whole, the token's and the reading of the report included.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The client of one appliance. Shared by reference: calls at the same time share one token.
pub struct ApplianceClient {
    http: Client,
    reporting: Url,
    command: Url,
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
            command: below(&base, &["api", "command"]),
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
        let form = [("generate_report", "SupportSession"), ("lsid", lsid.as_str())];
        let read = async |response| {
            answer::accepted(&response, "the report")?;
            Ok(read_report_async(body(response), lsid).await?)
        };
        within(time_left, self.ask(&self.reporting, &form, read)).await
    }

    /// The closed sessions that ended within the window, as the appliance lists them now, within `time_left` and [`CALL_TIMEOUT`].
    ///
    /// Sessions appear late, and whether the appliance counts the last second in is not known: the caller overlaps its windows. There
    /// are no pages: what a window holds comes as one answer, [`SESSIONS_MAX`](crate::report::SESSIONS_MAX) sessions at most. So many
    /// sessions are in memory, and nothing else of the answer.
    ///
    /// # Errors
    ///
    /// As [`fetch_report`](Self::fetch_report); that nothing was found is an empty list, in whichever way the appliance says so.
    pub async fn ended_between(&self, window: Window, time_left: Duration) -> Result<Listing, Failure> {
        // Seconds since 1970 and not dates, whose time zone the vendor's reference does not name. A duration of 0 would mean "until
        // now"; a window has a second at least.
        let (from, seconds) = (window.from().as_second().to_string(), window.seconds().to_string());
        let form = [("generate_report", "SupportSessionListing"), ("end_time", from.as_str()), ("duration", seconds.as_str())];
        let read = async |response| {
            answer::accepted(&response, "the list of sessions")?;
            let source_now = answer::clock(&response);
            Ok(Listing { sessions: read_listing_async(body(response)).await?, source_now })
        };
        within(time_left, self.ask(&self.reporting, &form, read)).await
    }

    /// Whether somebody answers at its address, over TLS as the settings want it: any answer will do. Shows no credentials.
    ///
    /// # Errors
    ///
    /// [`Failure::NotTaken`] without a connection, naming what TLS or the system says; [`Failure::Unknown`] without an answer.
    pub async fn reach(&self, time_left: Duration) -> Result<(), Failure> {
        within(time_left, async { send(self.http.head(self.reporting.clone())).await.map(drop) }).await
    }

    /// Asks for a token, unless one is in use. A client that works with a user's password has none to ask for.
    ///
    /// # Errors
    ///
    /// [`Failure::CredentialsRefused`], or what else a call can come to.
    pub async fn authenticate(&self, time_left: Duration) -> Result<(), Failure> {
        match &self.access {
            Access::Token(tokens) => within(time_left, async { tokens.current(&self.http).await.map(drop) }).await,
            Access::Password { .. } => Ok(()),
        }
    }

    /// What the appliance says of its API and of the rights of our account.
    ///
    /// # Errors
    ///
    /// As [`fetch_report`](Self::fetch_report).
    pub async fn api_information(&self, time_left: Duration) -> Result<ApiInformation, Failure> {
        let read = async |response| {
            answer::accepted(&response, "get_api_info")?;
            api_information::read(&answer::read_bounded(response, "get_api_info").await?)
        };
        within(time_left, self.ask(&self.command, &[("action", "get_api_info")], read)).await
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

    /// One call to an API; its answer is read by `read`, a second one if the token was refused.
    async fn ask<T>(
        &self,
        api: &Url,
        form: &[(&str, &str)],
        read: impl AsyncFn(Response) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let tokens = match &self.access {
            Access::Password { username, password } => {
                let mut form = form.to_vec();
                form.extend([("username", username.as_str()), ("password", password.expose_secret())]);
                return read(send(self.request(api, &form)).await?).await;
            }
            Access::Token(tokens) => tokens,
        };
        let token = tokens.current(&self.http).await?;
        let with_token = async |token: &token::Token| {
            let request = self.request(api, form).bearer_auth(token.expose_secret());
            read(send(request).await?).await
        };
        match with_token(&token).await {
            // How an appliance refuses a token that expired early (the 31st token silently ends the first) is documented nowhere: any
            // refusal may be that.
            Err(Failure::CredentialsRefused { .. }) => with_token(&tokens.renewed(&self.http, &token).await?).await,
            outcome => outcome,
        }
    }

    fn request(&self, api: &Url, form: &[(&str, &str)]) -> RequestBuilder {
        self.http.post(api.clone()).form(form)
    }
}

async fn within<T>(time_left: Duration, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let allowed = time_left.min(CALL_TIMEOUT);
    tokio::time::timeout(allowed, call).await.unwrap_or_else(|_| {
        let what = format!("no whole answer within {} ms", allowed.as_millis());
        Err(Failure::Unknown { what: Sentence::new(&what) })
    })
}

async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    request.send().await.map_err(|error| answer::call_failed(&error))
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
