//! An outbound event as the appliance posts it: from the raw body to an [`OutboundEvent`], and back for our own messages.
//!
//! The bytes alone decide whether the body is `application/x-www-form-urlencoded` or `multipart/form-data`: a queue message
//! does not carry the content type, and no vendor text says which of the two it is. Total and lenient where nothing rests on
//! a value (hints, unknown variables, bad percent-encoding), strict where something does (event and lsid). Judges neither
//! token nor appliance; that is the receiver's business.

use std::borrow::Cow;

use jiff::Timestamp;
use session::event::Member;
use session::ids::InvalidId;
use session::{EventKind, Lsid, OutboundEvent};

mod multipart;

/// The most variables looked at; later ones are ignored. The guide's events have ten at most, the rest is for custom fields.
pub const VARIABLES_MAX: usize = 256;

/// The most characters kept of an external key: the appliance itself takes no more (vendor reference).
pub const EXTERNAL_KEY_LENGTH_MAX: usize = 1024;

/// The most characters kept of a representative's user id. Real ones are small numbers.
pub const USER_ID_LENGTH_MAX: usize = 64;

/// The most characters kept of an event name that we do not know.
pub const UNKNOWN_NAME_LENGTH_MAX: usize = 64;

/// What a well-formed body turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// One of the seven events of the vendor's reference guide.
    Known(OutboundEvent),
    /// An event that we do not know: to be answered 200 and counted.
    Unknown {
        /// Its name, fit for a log line: at most [`UNKNOWN_NAME_LENGTH_MAX`] letters, digits, `_`, `-` and `.`; every other
        /// character is a `_`.
        name: String,
    },
}

/// Why a body is no outbound event. A resend cannot cure any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No bytes, or only white space.
    #[error("the body is empty")]
    Empty,
    /// Neither a form nor multipart, for instance JSON or XML.
    #[error("the body is not a form")]
    NotAForm,
    /// A multipart body that does not end as it should, or with a part that cannot be read.
    #[error("the multipart body is {0}")]
    Multipart(#[from] MultipartDefect),
    /// No variable `event`, or an empty one.
    #[error("no variable `event`")]
    NoEvent,
    /// A known event without an lsid that could be one.
    #[error("the variable `lsid` is not usable: {0}")]
    BadLsid(InvalidId),
}

/// What is wrong with a multipart body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartDefect {
    /// The closing boundary is missing.
    #[error("cut off")]
    CutOff,
    /// A part has no blank line after its headers.
    #[error("without a blank line after the headers of a part")]
    NoBlankLine,
}

/// The event in a raw request body.
///
/// Of a repeated variable the first counts; unknown variables are ignored. A missing or odd timestamp, an empty external key and
/// an unknown member type are `None`, not errors: nothing that must be right rests on them. The caller bounds the body's size.
///
/// # Errors
///
/// A [`Malformed`] that says what is missing. It never holds any of the body.
pub fn parse(body: &[u8]) -> Result<Parsed, Malformed> {
    let body = body.trim_ascii();
    let variables = Variables::read(body)?;
    let name = variables.get(Variable::Event).map(str::trim).filter(|name| !name.is_empty()).ok_or(Malformed::NoEvent)?;
    let Some(kind) = EventKind::from_name(name) else {
        return Ok(Parsed::Unknown { name: countable(name) });
    };
    // A known event without an lsid tells nothing, whatever else it holds; an unknown one may be without (an event of the
    // appliance itself, say).
    let lsid = variables.get(Variable::Lsid).unwrap_or_default().trim().parse().map_err(Malformed::BadLsid)?;
    Ok(Parsed::Known(variables.event(kind, lsid)))
}

/// The form body of an event, as the appliance would post it, in ASCII. For what the poller found and for replays.
///
/// `parse(encode(event))` is that event again, if its timestamp has whole seconds and its texts are such as [`parse`] makes.
#[must_use]
pub fn encode(event: &OutboundEvent) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair(Variable::Event.name(), event.kind.name());
    if let Some(timestamp) = event.timestamp {
        form.append_pair(Variable::Timestamp.name(), &timestamp.as_second().to_string());
    }
    form.append_pair(Variable::Lsid.name(), event.lsid.as_str());
    if let Some(key) = &event.external_key {
        form.append_pair(Variable::ExternalKey.name(), key);
    }
    match &event.member {
        None => {}
        Some(Member::Customer) => {
            form.append_pair(Variable::Type.name(), CUSTOMER);
        }
        Some(Member::Representative { user_id }) => {
            form.append_pair(Variable::Type.name(), REPRESENTATIVE);
            if let Some(id) = user_id {
                form.append_pair(Variable::UserId.name(), id);
            }
        }
    }
    form.finish()
}

const CUSTOMER: &str = "customer";
const REPRESENTATIVE: &str = "representative";

/// The variables that we use, of those in the vendor reference. The others (`version`, `name`, `username`, `conference_id`,
/// `conference_name`, custom fields) say nothing that the report does not say better.
#[derive(Clone, Copy)]
enum Variable {
    Event,
    Timestamp,
    Lsid,
    ExternalKey,
    Type,
    UserId,
}

impl Variable {
    const ALL: [Self; 6] = [Self::Event, Self::Timestamp, Self::Lsid, Self::ExternalKey, Self::Type, Self::UserId];

    const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Timestamp => "timestamp",
            Self::Lsid => "lsid",
            Self::ExternalKey => "external_key",
            Self::Type => "type",
            Self::UserId => "user_id",
        }
    }
}

/// The first value of each variable that we use.
#[derive(Default)]
struct Variables<'body>([Option<Cow<'body, str>>; Variable::ALL.len()]);

impl<'body> Variables<'body> {
    fn read(body: &'body [u8]) -> Result<Self, Malformed> {
        let mut variables = Self::default();
        match body {
            [] => return Err(Malformed::Empty),
            [b'{' | b'[' | b'<', ..] => return Err(Malformed::NotAForm),
            body if multipart::looks_like(body) => {
                multipart::for_each_variable(body, VARIABLES_MAX, |name, value| variables.keep_first(&name, value))?;
            }
            body if !body.contains(&b'=') => return Err(Malformed::NotAForm),
            body => {
                for (name, value) in form_urlencoded::parse(body).take(VARIABLES_MAX) {
                    variables.keep_first(&name, value);
                }
            }
        }
        Ok(variables)
    }

    fn keep_first(&mut self, name: &str, value: Cow<'body, str>) {
        if let Some(variable) = Variable::ALL.into_iter().find(|variable| variable.name() == name) {
            self.0[variable as usize].get_or_insert(value);
        }
    }

    fn get(&self, variable: Variable) -> Option<&str> {
        self.0[variable as usize].as_deref()
    }

    fn event(&self, kind: EventKind, lsid: Lsid) -> OutboundEvent {
        OutboundEvent {
            kind,
            lsid,
            timestamp: self.get(Variable::Timestamp).and_then(whole_seconds),
            external_key: self.get(Variable::ExternalKey).and_then(|key| hint(key, EXTERNAL_KEY_LENGTH_MAX)),
            member: self.member(kind),
        }
    }

    fn member(&self, kind: EventKind) -> Option<Member> {
        if !matches!(kind, EventKind::SupportConferenceMemberAdded | EventKind::SupportConferenceMemberDeparted) {
            return None;
        }
        match self.get(Variable::Type)?.trim() {
            CUSTOMER => Some(Member::Customer),
            REPRESENTATIVE => {
                Some(Member::Representative { user_id: self.get(Variable::UserId).and_then(|id| hint(id, USER_ID_LENGTH_MAX)) })
            }
            _ => None,
        }
    }
}

/// Unix seconds after the epoch. Zero and less stand for "unset" and are no time of an event.
fn whole_seconds(text: &str) -> Option<Timestamp> {
    let seconds = text.trim().parse::<i64>().ok().filter(|seconds| *seconds > 0)?;
    Timestamp::from_second(seconds).ok()
}

/// A text without control characters and surrounding blanks, cut at a length; `None` if nothing is left.
fn hint(text: &str, length_max: usize) -> Option<String> {
    let printable: String = text.chars().filter(|character| !character.is_control()).collect();
    let cut: String = printable.trim().chars().take(length_max).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

fn countable(name: &str) -> String {
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
    name.chars().take(UNKNOWN_NAME_LENGTH_MAX).map(|character| if allowed(character) { character } else { '_' }).collect()
}

#[cfg(test)]
mod tests;
