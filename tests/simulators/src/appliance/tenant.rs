//! The state of one simulated appliance, and the way of a call to its API.

use std::collections::BTreeMap;

use axum::http::Method;
use jiff::Timestamp;

use super::command::{self, SessionKey};
use super::control;
use super::report::error;
use super::reporting;
use super::session::StoredSession;
use super::settings::{Credentials, Settings};
use super::token::Tokens;
use crate::serving::exchange::{Answer, Call};
use crate::serving::gateway::{Subject, Vendor};

/// One appliance.
#[derive(Debug, Default)]
pub(crate) struct Appliance {
    pub(crate) credentials: Credentials,
    pub(crate) settings: Settings,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: BTreeMap<String, StoredSession>,
    pub(crate) session_keys: Vec<SessionKey>,
}

impl Vendor for Appliance {
    fn with_default_data(_now: Timestamp) -> Self {
        Self::default()
    }

    fn subject(&self, call: &Call) -> Subject {
        let parameters = parameters(call);
        let named = |name: &str| parameters.get(name).cloned();
        let (entity, detail) = match call.path.as_str() {
            "/oauth2/token" => (Some("token".to_owned()), None),
            path if path.starts_with("/api/reporting") => {
                let which = ["lsid", "lsids", "end_time", "end_date", "start_time", "start_date"].into_iter().find_map(named);
                (named("generate_report"), which)
            }
            path if path.starts_with("/api/command") => (named("action"), named("lsid")),
            _ => (None, None),
        };
        Subject { entity: entity.unwrap_or_else(|| "unknown".to_owned()), detail }
    }

    fn refuse_crowd(&self, _subject: &Subject, _concurrent: usize) -> Option<Answer> {
        None
    }

    fn answer(&mut self, call: &Call, now: Timestamp) -> Answer {
        let mut answer = self.answer_without_date(call, now);
        // Its own clock, which is not that of the machine that it runs on.
        answer.headers.push(("date".to_owned(), now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
        answer
    }

    fn control(&mut self, call: &Call, segments: &[&str], now: Timestamp) -> Answer {
        control::answer(self, call, segments, now)
    }
}

impl Appliance {
    fn answer_without_date(&mut self, call: &Call, now: Timestamp) -> Answer {
        match call.path.as_str() {
            "/oauth2/token" => self.tokens.answer(call, &self.credentials, &self.settings, now),
            "/api/reporting" | "/api/reporting.ns" => {
                self.as_the_account(call, now, |appliance, parameters| reporting::answer(appliance, parameters, now))
            }
            "/api/command" | "/api/command.ns" => {
                self.as_the_account(call, now, |appliance, parameters| command::answer(appliance, call, parameters, now))
            }
            _ => Answer::new(404, "text/html", "<html><body>Not Found</body></html>"),
        }
    }

    /// Lets a call through to an API if it comes from the account, by either way of saying so.
    fn as_the_account(
        &mut self,
        call: &Call,
        now: Timestamp,
        api: impl FnOnce(&mut Self, &BTreeMap<String, String>) -> Answer,
    ) -> Answer {
        if call.method != Method::GET && call.method != Method::POST {
            return Answer::empty(405);
        }
        let parameters = parameters(call);
        if let Some(authorization) = call.header("authorization") {
            let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
            // Status and body are not documented for an expired token; 401 is what clients assume.
            return if self.tokens.is_valid(token, now) { api(self, &parameters) } else { Answer::empty(401) };
        }
        match (parameters.get("username"), parameters.get("password")) {
            (None, None) => Answer::empty(401),
            (username, password) => {
                let known = self.settings.legacy_login
                    && username == Some(&self.credentials.username)
                    && password == Some(&self.credentials.password);
                // HTTP 200, as observed by clients.
                if known { api(self, &parameters) } else { error(self.settings.error_style, "Login failed") }
            }
        }
    }
}

/// The parameters of a call: the query string, and a form body. Multipart is not read, as at the real one.
fn parameters(call: &Call) -> BTreeMap<String, String> {
    let mut parameters = call.query_variables();
    let form = call.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if call.method == Method::POST && form {
        parameters.extend(form_urlencoded::parse(&call.body).into_owned());
    }
    parameters
}
