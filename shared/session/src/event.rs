//! An outbound event of the appliance, as a value. How it travels (the form body) is known to the `appliance` crate.
//!
//! It is a notification only: no chat, no times, no notes. Everything else comes from the report.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::Lsid;

/// The seven outbound events of the vendor's reference guide. The serialised name is the vendor's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// "Support Session Start".
    SupportConferenceBegin,
    /// "Support Session End".
    SupportConferenceEnd,
    /// "Support Session Ownership Changes".
    SupportConferenceOwnerChanged,
    /// "Someone Joins a Support Session".
    SupportConferenceMemberAdded,
    /// "Someone Leaves a Support Session".
    SupportConferenceMemberDeparted,
    /// "Customer Exit Survey is Completed".
    SupportConferenceCustomerExitSurveyCompleted,
    /// "Representative Survey is Completed".
    SupportConferenceRepExitSurveyCompleted,
}

impl EventKind {
    /// All of them, in the order of the reference guide.
    pub const ALL: [Self; 7] = [
        Self::SupportConferenceBegin,
        Self::SupportConferenceEnd,
        Self::SupportConferenceOwnerChanged,
        Self::SupportConferenceMemberAdded,
        Self::SupportConferenceMemberDeparted,
        Self::SupportConferenceCustomerExitSurveyCompleted,
        Self::SupportConferenceRepExitSurveyCompleted,
    ];

    /// The vendor's name of the event, as it stands in the variable `event`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SupportConferenceBegin => "support_conference_begin",
            Self::SupportConferenceEnd => "support_conference_end",
            Self::SupportConferenceOwnerChanged => "support_conference_owner_changed",
            Self::SupportConferenceMemberAdded => "support_conference_member_added",
            Self::SupportConferenceMemberDeparted => "support_conference_member_departed",
            Self::SupportConferenceCustomerExitSurveyCompleted => "support_conference_customer_exit_survey_completed",
            Self::SupportConferenceRepExitSurveyCompleted => "support_conference_rep_exit_survey_completed",
        }
    }

    /// The event of that name, or `None` for one that we do not know.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One outbound event, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundEvent {
    /// What happened.
    pub kind: EventKind,
    /// The session that it happened to.
    pub lsid: Lsid,
    /// When it happened by the appliance's clock, in whole seconds; a resend keeps it. `None` if the variable was missing or unusable:
    /// nothing that must be right rests on it alone.
    pub timestamp: Option<Timestamp>,
    /// The external key at that moment: a hint only, technicians set it late. Empty counts as none.
    pub external_key: Option<String>,
    /// Who joined or left, for member events.
    pub member: Option<Member>,
}

/// Who joined or left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// The customer.
    Customer,
    /// A representative, with the permanent user id where the event has one.
    Representative {
        /// The appliance's permanent user id.
        user_id: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_guide_both_ways() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_name(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.name().into()));
        }
        assert_eq!(EventKind::from_name("support_conference_END"), None);
    }
}
