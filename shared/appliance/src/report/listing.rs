//! What is kept of a `SupportSessionListing`: of each session its lsid, its number, when it ended, and its external key.
//!
//! Lsid, key and whether there is a recording are what the vendor's reference names; the rest is taken where it stands, by the names that
//! it has in reports. A list is whole or it is an error: what is left out of it unnoticed would be missed.

use std::mem::take;

use session::{EndedSession, Lsid};

use super::builder::Draft;
use super::draft::{Leaf, time};
use super::element::{Field, Names, Place};
use super::limits::{Limit, SESSIONS_MAX};
use super::{ReportError, error_texts};

/// The most bytes of all external keys of a list. A key is a hint here: one that does not fit is left out.
const KEYS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most bytes of one external key: 1024 characters (vendor reference).
const KEY_BYTES_MAX: usize = 4096;

/// The most bytes of anything else: a number, a time, an error.
const TEXT_BYTES_MAX: usize = 1024;

/// A list in the making.
#[derive(Default)]
pub(super) struct ListingDraft {
    sessions: Vec<EndedSession>,
    /// The one that is open.
    session: Option<EndedSession>,
    keys_bytes: usize,
    /// One came whose lsid is none.
    nameless: bool,
    /// One came that was too much.
    over: bool,
}

impl Draft for ListingDraft {
    type Whole = Vec<EndedSession>;

    const NAMES: Names = Names { list: "session_summary_list", session: "session_summary" };

    fn text_bytes_max(&self, field: Field) -> usize {
        match field {
            Field::ExternalKey => KEY_BYTES_MAX,
            Field::Sequence | Field::EndTime | Field::Error => TEXT_BYTES_MAX,
            _ => 0,
        }
    }

    fn open(&mut self, place: Place, lsid: Option<&str>, _second: Option<&str>) -> Place {
        match place {
            Place::List => Place::List,
            Place::Session if self.sessions.len() == SESSIONS_MAX => {
                self.over = true;
                Place::Skipped
            }
            Place::Session => {
                let lsid: Option<Lsid> = lsid.and_then(|lsid| lsid.trim().parse().ok());
                self.nameless |= lsid.is_none();
                self.session = lsid.map(|lsid| EndedSession { lsid, sequence: None, ended_at: None, external_key: None });
                if self.session.is_some() { Place::Session } else { Place::Skipped }
            }
            _ => Place::Skipped,
        }
    }

    fn close(&mut self, place: Place) {
        if place == Place::Session {
            self.sessions.extend(take(&mut self.session));
        }
    }

    fn fill(&mut self, _parent: Place, field: Field, leaf: &mut Leaf) {
        let Some(session) = &mut self.session else { return };
        match field {
            Field::Sequence => session.sequence = session.sequence.or(leaf.text().parse().ok()),
            Field::EndTime => session.ended_at = session.ended_at.or(time(leaf)),
            Field::ExternalKey if session.external_key.is_none() && !leaf.is_cut() && !leaf.text().is_empty() => {
                let bytes = leaf.text().len();
                if bytes <= KEYS_BYTES_MAX - self.keys_bytes {
                    self.keys_bytes += bytes;
                    session.external_key = Some(leaf.text().to_owned());
                }
            }
            _ => {}
        }
    }

    fn finish(self, error: Option<&str>, _replaced: u32, position: u64) -> Result<Vec<EndedSession>, ReportError> {
        match error {
            Some(text) if self.sessions.is_empty() && error_texts::says_nothing_found(text) => Ok(Vec::new()),
            // An error beside sessions says that the list is not whole.
            Some(text) => Err(error_texts::meaning(text)),
            None if self.over => Err(ReportError::OverLimit { limit: Limit::Sessions, position }),
            None if self.nameless => Err(ReportError::Malformed { what: "a session without a usable lsid", position }),
            None => Ok(self.sessions),
        }
    }
}
