//! A way for `tests/fuzz` to the reader of token answers, past the network. No function has it (feature `fuzzing`).

use reqwest::Url;
use secrecy::SecretString;
use session::{Failure, Sentence};
use tokio::time::Instant;

use super::token::TokenSource;

/// Reads answers to the token requests of one API account.
pub struct TokenAnswers(TokenSource);

impl TokenAnswers {
    /// Of the account with that id and secret.
    #[must_use]
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        let url = Url::parse("https://support.example.com/oauth2/token").expect("a constant address");
        Self(TokenSource::new(url, client_id.to_owned(), SecretString::from(client_secret)))
    }

    /// The token in an answer of status 200, or of one that is a refusal already.
    ///
    /// # Errors
    ///
    /// What the client would tell the delivery.
    pub fn read(&self, accepted: bool, body: &[u8]) -> Result<SecretString, Failure> {
        let refused = || Failure::CredentialsRefused { sentence: Sentence::new("the token request was answered 401") };
        let accepted = if accepted { Ok(()) } else { Err(refused()) };
        self.0.judged(accepted, body, Instant::now()).map(|token| token.expose_secret().into())
    }
}
