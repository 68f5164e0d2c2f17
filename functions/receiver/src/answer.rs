//! What came of a call, and the HTTP answer for it. The appliance looks at nothing but "200 or not"; the bodies are for people
//! who try the URL by hand.

use lambda_http::http::header::{ALLOW, CONTENT_TYPE};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Not our path.
    NotFound,
    /// Our path, but no POST.
    MethodNotAllowed,
    /// The caller could not prove who it is.
    Refused,
    /// Stored for the worker.
    Queued,
    /// An event of a kind that we do not know.
    Ignored,
    /// Stored for a person.
    Quarantined,
    /// Not stored: to be sent again.
    Unavailable,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Refused,
        Self::Queued,
        Self::Ignored,
        Self::Quarantined,
        Self::Unavailable,
    ];

    /// The outcome in one word, for answers, log lines and counts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Refused => "refused",
            Self::Queued => "queued",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
            Self::Unavailable => "unavailable",
        }
    }

    /// The status of its answer. 200 is a promise: what should last is stored.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused => StatusCode::UNAUTHORIZED,
            Self::Queued | Self::Ignored | Self::Quarantined => StatusCode::OK,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The answer. A stranger gets no body, and the same answer whatever was wrong.
    #[must_use]
    pub fn response(self) -> Response<Body> {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = self.status();
        match self {
            Self::NotFound | Self::Refused => {}
            Self::MethodNotAllowed => {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            }
            Self::Queued | Self::Ignored | Self::Quarantined | Self::Unavailable => {
                // Without it, a function URL would call the text JSON.
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
                *response.body_mut() = Body::from(self.name());
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_those_of_the_table() {
        let table = Outcome::ALL.map(|outcome| {
            let response = outcome.response();
            let body = String::from_utf8_lossy(response.body());
            format!("{outcome:?}: {} {:?} {:?}", response.status().as_u16(), body, response.headers())
        });
        insta::assert_snapshot!(table.join("\n"));
    }
}
