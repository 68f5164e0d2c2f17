//! A way for `tests/fuzz` to the readers of Autotask's answers, past the network. No function has it (feature `fuzzing`).

use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use session::failure::Failure;
use url::Url;

use super::answer::{Answer, Purpose, created_id, unexpected};
use super::authors::only_one;
use super::lookups::Page;
use super::row::Row;
use super::tickets::ticket;
use super::zone;

/// An answer as it came.
#[derive(Clone, Copy)]
pub struct RawAnswer<'a> {
    /// The status.
    pub status: u16,
    /// The value of `Retry-After`.
    pub retry_after: Option<&'a [u8]>,
    /// The value of `Date`.
    pub date: Option<&'a [u8]>,
    /// The body.
    pub body: &'a [u8],
}

/// How many things an answer can be for: `purpose` of [`read`] is below that.
pub const PURPOSES: usize = 7;

/// Reads an answer as the client does for what it was asked: the zone, a ticket, rows of tickets and of people, an id.
///
/// # Errors
///
/// What the client would tell the delivery.
pub fn read(answer: &RawAnswer<'_>, purpose: usize, login: &str) -> Result<(), Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in [(RETRY_AFTER, answer.retry_after), (DATE, answer.date)] {
        headers.extend(value.and_then(|value| HeaderValue::from_bytes(value).ok()).map(|value| (name, value)));
    }
    let purposes: [Purpose; PURPOSES] = [
        Purpose::ZoneDiscovery,
        Purpose::ReadById,
        Purpose::Query,
        Purpose::CreateTicket,
        Purpose::CreateNote,
        Purpose::CreateAttachment,
        Purpose::CreateTimeEntry,
    ];
    let purpose = purposes[purpose];
    let json = Answer { status: answer.status, headers: &headers, body: answer.body, private: &[login] }.read(purpose)?;
    match purpose {
        Purpose::ZoneDiscovery => {
            let ask = Url::parse("https://webservices.autotask.net/ATServicesRest/").expect("a constant address");
            let row = Row::new(&json).ok_or_else(|| unexpected("no object"))?;
            zone::from_answer(&row, &ask, false).map(|_| ()).map_err(unexpected)
        }
        Purpose::ReadById => Row::new(&json).and_then(|row| row.get("item")).map_or(Ok(()), |item| ticket(item).map(|_| ())),
        Purpose::Query => {
            let page = Page::new(&json)?;
            let _ = only_one(&page.rows, login, page.more)?;
            page.rows.iter().try_for_each(|row| ticket(row).map(|_| ()))
        }
        Purpose::CreateTicket | Purpose::CreateNote | Purpose::CreateAttachment | Purpose::CreateTimeEntry => {
            created_id(&json).map(|_| ())
        }
    }
}
