//! Which tickets a session could belong to: what is known of the session, and what fits. For a person who decides; nothing is ever assigned
//! because of it.

use jiff::Timestamp;
use session::failure::Failure;
use session::ids::{TicketId, TicketNumber};

/// What a session tells of whom it was for. Not `Debug`: it holds names of people.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Names or e-mail addresses of customers.
    pub people: Vec<String>,
    /// Names of companies, as customers have typed them.
    pub companies: Vec<String>,
    /// Short names of companies that the public site has set.
    pub company_codes: Vec<String>,
    /// Computers, by their host names.
    pub computers: Vec<String>,
}

impl Traces {
    /// Whether nothing is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self { people, companies, company_codes, computers } = self;
        people.is_empty() && companies.is_empty() && company_codes.is_empty() && computers.is_empty()
    }
}

/// What made a ticket fit, the strongest first. Not `Debug`: the name is somebody's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// What fits.
    pub kind: ReasonKind,
    /// What the ticketing system calls it.
    pub name: String,
}

/// What a session and a ticket have in common. In the order of their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonKind {
    /// The ticket is about the computer.
    Device,
    /// The ticket is of the person.
    Contact,
    /// The ticket is of the company.
    Company,
}

/// An open ticket that could be meant. Not `Debug`: the title is somebody's words.
#[derive(Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Its id.
    pub ticket: TicketId,
    /// Its number.
    pub number: TicketNumber,
    /// Its title.
    pub title: String,
    /// What people read for its status.
    pub status: String,
    /// When somebody last did something with it.
    pub last_activity: Option<Timestamp>,
    /// Why, at least one, each kind and name once.
    pub reasons: Vec<Reason>,
}

/// What fits, the best first.
#[derive(Clone, Default)]
pub struct Suggestions {
    /// At most [`SUGGESTIONS_MAX`].
    pub tickets: Vec<Suggestion>,
    /// How many more fit.
    pub more: usize,
    /// What could not be searched, and what was said.
    pub unsearched: Vec<(ReasonKind, Failure)>,
}

/// More than a person looks through; who needs more looks in the ticketing system.
pub const SUGGESTIONS_MAX: usize = 20;

impl Suggestions {
    /// The best of these: first what fits in most ways, then by the weight of the ways, then what was last worked on.
    #[must_use]
    pub fn best(mut tickets: Vec<Suggestion>, unsearched: Vec<(ReasonKind, Failure)>) -> Self {
        for suggestion in &mut tickets {
            suggestion.reasons.sort();
            suggestion.reasons.dedup();
        }
        tickets.sort_by_key(|suggestion| {
            let mut kinds: Vec<ReasonKind> = suggestion.reasons.iter().map(|reason| reason.kind).collect();
            kinds.dedup();
            (usize::MAX - kinds.len(), kinds, std::cmp::Reverse(suggestion.last_activity), suggestion.ticket)
        });
        let more = tickets.len().saturating_sub(SUGGESTIONS_MAX);
        tickets.truncate(SUGGESTIONS_MAX);
        Self { tickets, more, unsearched }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn suggestion(id: i64, day: &str, kinds: &[ReasonKind]) -> Suggestion {
        Suggestion {
            ticket: TicketId(id),
            number: format!("T2025031{}.0001", id % 10).parse().unwrap(),
            title: String::new(),
            status: String::new(),
            last_activity: format!("{day}T08:00:00Z").parse().ok(),
            reasons: kinds.iter().map(|kind| Reason { kind: *kind, name: "the same".to_owned() }).collect(),
        }
    }

    fn order(suggestions: Vec<Suggestion>) -> Vec<i64> {
        Suggestions::best(suggestions, vec![]).tickets.iter().map(|suggestion| suggestion.ticket.0).collect()
    }

    #[test]
    fn what_fits_in_more_ways_comes_first_then_by_weight_then_by_activity() {
        use ReasonKind::{Company, Contact, Device};
        let suggestions = vec![
            suggestion(1, "2025-03-18", &[Company]),
            suggestion(2, "2025-03-20", &[Company, Company]),
            suggestion(3, "2025-03-11", &[Device]),
            suggestion(4, "2025-03-10", &[Company, Contact]),
            suggestion(5, "2025-03-10", &[Contact, Device]),
            suggestion(6, "2025-03-19", &[Contact]),
        ];
        assert_eq!(order(suggestions), [5, 4, 3, 6, 2, 1]);
    }

    #[test]
    fn what_is_cut_off_is_counted() {
        let many = (0..25).map(|id| suggestion(id, "2025-03-18", &[ReasonKind::Company])).collect();
        let best = Suggestions::best(many, vec![]);
        assert_eq!((best.tickets.len(), best.more), (SUGGESTIONS_MAX, 5));
    }
}
