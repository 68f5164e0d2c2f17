//! Access tokens: issued for client credentials, opaque, limited in life and number.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::settings::{Credentials, Settings};
use crate::serving::exchange::{Answer, Call};

/// One token that was valid when issued.
#[derive(Clone, Debug)]
struct Token {
    value: String,
    expires: Timestamp,
}

/// The tokens of the one API account of a tenant, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens(VecDeque<Token>);

impl Tokens {
    /// Answers a call to `/oauth2/token`.
    pub(crate) fn answer(&mut self, call: &Call, credentials: &Credentials, settings: &Settings, now: Timestamp) -> Answer {
        if call.method != axum::http::Method::POST {
            return Answer::json(405, &json!({ "error": "invalid_request", "message": "Use POST." }));
        }
        if !has_client_credentials(call, credentials) {
            let refusal = json!({ "error": "invalid_client", "message": "Client authentication failed." });
            return Answer::json(401, &refusal);
        }
        let grant = form_urlencoded::parse(&call.body).find(|(name, _)| name == "grant_type");
        if grant.is_none_or(|(_, value)| value != "client_credentials") {
            let refusal = json!({ "error": "unsupported_grant_type", "message": "The grant type is not supported." });
            return Answer::json(400, &refusal);
        }
        let token = self.issue(settings, now);
        let life = settings.token_lifetime_seconds;
        Answer::json(200, &json!({ "access_token": token, "token_type": settings.token_type, "expires_in": life }))
    }

    fn issue(&mut self, settings: &Settings, now: Timestamp) -> String {
        self.0.retain(|token| token.expires > now);
        while self.0.len() >= settings.tokens_max.max(1) {
            self.0.pop_front();
        }
        let life = SignedDuration::from_secs(settings.token_lifetime_seconds);
        let expires = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        let value = STANDARD.encode((0..36).map(|_| fastrand::u8(..)).collect::<Vec<u8>>());
        self.0.push_back(Token { value: value.clone(), expires });
        value
    }

    /// Whether a bearer token is valid now.
    pub(crate) fn is_valid(&self, value: &str, now: Timestamp) -> bool {
        self.0.iter().any(|token| token.value == value && token.expires > now)
    }

    /// Invalidates all tokens.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// How many are valid now.
    pub(crate) fn count(&self, now: Timestamp) -> usize {
        self.0.iter().filter(|token| token.expires > now).count()
    }
}

fn has_client_credentials(call: &Call, credentials: &Credentials) -> bool {
    let expected = format!("{}:{}", credentials.client_id, credentials.client_secret);
    call.header("authorization")
        .and_then(|header| header.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .is_some_and(|given| given == expected.as_bytes())
}
