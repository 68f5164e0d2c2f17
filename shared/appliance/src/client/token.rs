//! The bearer token of an API account: asked for once, kept until shortly before it expires, renewed by one call at a time.
//!
//! An account has at most 30 valid tokens, and the next one silently ends the oldest (vendor reference); so a token is shared by
//! all calls of a client, a client should live as long as its process, and processes hand each other their tokens sealed.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use session::{ApplianceId, Failure, Sentence};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::answer;
use super::sealed_token::{OpenToken, SealedToken, SealingKey};

/// How long before its end a token is no longer used: a call may take so long, and clocks differ.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// How long a token is used whose answer does not say how long it lasts.
const LIFETIME_UNSTATED: Duration = Duration::from_secs(300);

/// The longest a token is used, whatever its answer says. The vendor's own lifetime is an hour.
const LIFETIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// Where tokens come from, and the one in use.
pub(super) struct TokenSource {
    url: Url,
    client_id: String,
    client_secret: SecretString,
    current: Mutex<Option<Token>>,
}

/// A token in use.
#[derive(Clone)]
pub(super) struct Token {
    bearer: SecretString,
    usable_until: Instant,
    /// When it ends, by its answer or by who shared it.
    ends_at: Instant,
    /// Whether other processes should still learn of it.
    to_share: bool,
}

impl Token {
    pub(super) fn expose_secret(&self) -> &str {
        self.bearer.expose_secret()
    }

    /// The token that somebody else was given; `None` if it is (nearly) over, or nothing that can be sent.
    fn adopted(open: OpenToken, now: Timestamp) -> Option<Self> {
        let left = Duration::try_from(open.valid_until.duration_since(now)).ok()?.min(LIFETIME_MAX);
        let usable = left.checked_sub(EXPIRY_MARGIN).filter(|usable| !usable.is_zero())?;
        let here = Instant::now();
        let token = Self { bearer: open.bearer, usable_until: here + usable, ends_at: here + left, to_share: false };
        is_header_text(token.expose_secret()).then_some(token)
    }

    /// The token as somebody else may use it; `None` if that is not worth it.
    fn opened(&self, now: Timestamp) -> Option<OpenToken> {
        let left = self.ends_at.saturating_duration_since(Instant::now());
        let valid_until = now.checked_add(left).ok().filter(|_| left > EXPIRY_MARGIN)?;
        Some(OpenToken { bearer: self.bearer.clone(), valid_until })
    }
}

impl TokenSource {
    pub(super) fn new(url: Url, client_id: String, client_secret: SecretString) -> Self {
        Self { url, client_id, client_secret, current: Mutex::new(None) }
    }

    /// The token in use, or a new one.
    pub(super) async fn current(&self, http: &Client) -> Result<Token, Failure> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if Instant::now() < token.usable_until => Ok(token.clone()),
            _ => Ok(current.insert(self.request(http).await?).clone()),
        }
    }

    /// Another token than the one that was refused: whichever came into use since, or a new one.
    pub(super) async fn renewed(&self, http: &Client, refused: &Token) -> Result<Token, Failure> {
        let mut current = self.current.lock().await;
        match current.take() {
            Some(token) if token.expose_secret() != refused.expose_secret() => Ok(current.insert(token).clone()),
            _ => Ok(current.insert(self.request(http).await?).clone()),
        }
    }

    /// Takes over a shared token, unless there is one in use; returns whether it did.
    pub(super) async fn adopt(&self, appliance: &ApplianceId, sealed: &[u8], now: Timestamp) -> bool {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|token| Instant::now() < token.usable_until) {
            return false;
        }
        let open = self.sealing_key().and_then(|key| key.open(appliance, sealed));
        let Some(token) = open.and_then(|open| Token::adopted(open, now)) else { return false };
        *current = Some(token);
        true
    }

    /// The token in use for others, if it was issued here and not yet given out.
    pub(super) async fn to_share(&self, appliance: &ApplianceId, now: Timestamp) -> Option<SealedToken> {
        let mut current = self.current.lock().await;
        let token = current.as_mut().filter(|token| token.to_share)?;
        // Once, whatever comes of it: sharing saves requests, and must not cost one more per call when it fails.
        token.to_share = false;
        self.sealing_key()?.seal(appliance, &token.opened(now)?)
    }

    fn sealing_key(&self) -> Option<SealingKey> {
        SealingKey::of(&self.client_id, &self.client_secret)
    }

    async fn request(&self, http: &Client) -> Result<Token, Failure> {
        let request = http
            .post(self.url.clone())
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
            .form(&[("grant_type", "client_credentials")]);
        let asked_at = Instant::now();
        let response = request.send().await.map_err(|error| answer::call_failed(&error))?;
        let accepted = match answer::accepted(&response, "the token request") {
            Err(failure) if !may_explain(response.status()) => return Err(failure),
            accepted => accepted,
        };
        self.judged(accepted, &answer::read_bounded(response, "the token request").await?, asked_at)
    }

    /// What an answer comes to; `accepted` is what its status alone says.
    pub(super) fn judged(&self, accepted: Result<(), Failure>, body: &[u8], asked_at: Instant) -> Result<Token, Failure> {
        let answer = serde_json::from_slice::<TokenAnswer>(body).ok();
        // A refusal may come with status 200 (observed by clients).
        if let Some(sentence) = answer.as_ref().and_then(|answer| self.refusal(answer)) {
            return Err(Failure::CredentialsRefused { sentence });
        }
        accepted?;
        answer.and_then(|answer| answer.token(asked_at)).ok_or_else(|| unreadable("holds no bearer token"))
    }

    /// The vendor's sentence, unless it repeats what we sent.
    fn refusal(&self, answer: &TokenAnswer) -> Option<Sentence> {
        let error = answer.error.as_deref()?;
        let text = match answer.message.as_deref().or(answer.error_description.as_deref()) {
            Some(message) => format!("{error}: {message}"),
            None => error.to_owned(),
        };
        let repeats = text.contains(self.client_secret.expose_secret()) || text.contains(&self.client_id);
        Some(if repeats { Sentence::new("the token request was refused") } else { Sentence::new(&text) })
    }
}

/// Whether the body of an answer of that status may say more than the status.
fn may_explain(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// The vendor's answer: a token, or an error (RFC 6749 section 5, with `message` as observed by clients).
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<SecretString>,
    token_type: Option<String>,
    expires_in: Option<Seconds>,
    error: Option<String>,
    message: Option<String>,
    error_description: Option<String>,
}

/// A number, or a number as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
}

impl TokenAnswer {
    fn token(self, asked_at: Instant) -> Option<Token> {
        let bearer = self.access_token.filter(|token| is_header_text(token.expose_secret()))?;
        if !self.token_type?.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let lifetime = self.expires_in.map_or(LIFETIME_UNSTATED, |seconds| seconds.duration());
        // A token so short-lived that the margin would eat it is used for half of its life.
        let usable = lifetime.saturating_sub(EXPIRY_MARGIN).max(lifetime / 2);
        Some(Token { bearer, usable_until: asked_at + usable, ends_at: asked_at + lifetime, to_share: true })
    }
}

impl Seconds {
    fn duration(&self) -> Duration {
        let seconds = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().unwrap_or_default(),
        };
        Duration::try_from_secs_f64(seconds).unwrap_or_default().min(LIFETIME_MAX)
    }
}

/// What can stand in a header: an answer must not be able to make a request that cannot be sent.
fn is_header_text(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn unreadable(why: &str) -> Failure {
    Failure::Unreadable { what: Sentence::new(&format!("the answer to the token request {why}")) }
}
