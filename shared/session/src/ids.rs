//! The ids of the field, one type each: checked when made, and so never checked again.
//!
//! Write ids live with the delivery (`write_id::WriteId`), since they say what a session leaves behind.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not the id it should be. Never holds the text itself: it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing at all.
    #[error("empty")]
    Empty,
    /// Longer than the type allows.
    #[error("longer than {limit} characters")]
    TooLong {
        /// The most characters that the type takes.
        limit: usize,
    },
    /// A character that the type does not allow, at this byte.
    #[error("a character that is not allowed, at byte {position}")]
    Character {
        /// Byte offset of the first such character.
        position: usize,
    },
}

fn check(text: &str, limit: usize, allowed: fn(u8) -> bool) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    if let Some(position) = text.bytes().position(|byte| !allowed(byte)) {
        return Err(InvalidId::Character { position });
    }
    if text.len() > limit {
        return Err(InvalidId::TooLong { limit });
    }
    Ok(())
}

/// The logging session id of a support session: 1 to 64 of `0-9A-Za-z_-`.
///
/// Real ones are 32 lower-case hex digits; the vendor says only "must be treated as a string".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lsid(String);

impl Lsid {
    /// The most characters an lsid may have.
    pub const LENGTH_MAX: usize = 64;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Lsid {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        check(text, Self::LENGTH_MAX, |byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')?;
        Ok(Self(text.to_owned()))
    }
}

/// The name under which an appliance is known here: letters, digits, `.` and `_`, at most 60, kept in lower case
/// because it is compared without case (as the old plugin did).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplianceId(String);

impl ApplianceId {
    /// The most characters an appliance id may have; it is part of a secret's name and of queue group ids (128 at most).
    pub const LENGTH_MAX: usize = 60;

    /// The id as text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `default`, which the appliance id is when the URL names none.
impl Default for ApplianceId {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl FromStr for ApplianceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        check(text, Self::LENGTH_MAX, |byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')?;
        Ok(Self(text.to_ascii_lowercase()))
    }
}

macro_rules! text_id_traits {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}
text_id_traits!(Lsid, ApplianceId, TicketNumber);

/// A ticket's display key, such as `T20250318.0042`: 1 to 50 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TicketNumber(String);

impl TicketNumber {
    /// The most characters a ticket number may have (the vendor's own field limit).
    pub const LENGTH_MAX: usize = 50;

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TicketNumber {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        check(text, Self::LENGTH_MAX, |byte| byte.is_ascii_graphic())?;
        Ok(Self(text.to_owned()))
    }
}

macro_rules! numeric_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )*};
}
numeric_id!(
    /// A ticket's id in the ticketing system.
    TicketId,
    /// A resource (a person who works) in the ticketing system.
    ResourceId,
    /// A role that a resource can work in; it decides the rate.
    RoleId,
    /// The id that the ticketing system gave to something we wrote: a note, a time entry, an attachment.
    RemoteId,
    /// A participant's connection within one session; `0` is the system.
    Gsnumber,
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn lsid_takes_what_appliances_send_and_nothing_else() {
        assert!("7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse::<Lsid>().is_ok());
        assert!("a_B-9".parse::<Lsid>().is_ok());
        assert_eq!("".parse::<Lsid>(), Err(InvalidId::Empty));
        assert_eq!("ab c".parse::<Lsid>(), Err(InvalidId::Character { position: 2 }));
        assert_eq!("é".parse::<Lsid>(), Err(InvalidId::Character { position: 0 }));
        assert_eq!("x".repeat(65).parse::<Lsid>(), Err(InvalidId::TooLong { limit: 64 }));
    }

    #[test]
    fn appliance_id_is_compared_without_case() {
        assert_eq!("Acme.EU_1".parse::<ApplianceId>().unwrap(), "acme.eu_1".parse().unwrap());
        assert!("a-b".parse::<ApplianceId>().is_err());
        assert_eq!(ApplianceId::default().as_str(), "default");
    }
}
