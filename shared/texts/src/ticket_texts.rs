//! What a ticket says that is created for a session, where neither the connection nor the session's key says something else. The
//! customer may read it: it holds what the customer typed and which computer it is about, and nothing of our own people. Further
//! fields of the ticket are the ticketing system's business.

use session::support_session::SupportSession;

use crate::View;
use crate::model::{CustomerModel, customers, session_name};
use crate::participants::{Audience, Participants};
use crate::text::{harmless, one_line, shortened};

/// The longest title; what is longer is a description and belongs there.
const TITLE_LENGTH_MAX: usize = 120;

/// The longest description: a front page lets people type a lot.
const DESCRIPTION_LENGTH_MAX: usize = 4_000;

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketTexts {
    /// One line.
    pub title: String,
    /// Several.
    pub description: String,
}

/// What the ticket of that session says: the problem as the customer typed it, else who the customer is.
#[must_use]
pub fn ticket(view: &View<'_>) -> TicketTexts {
    let customers = customers(&Participants::new(view, Audience::Customer), view.session);
    let subject = customers.iter().find_map(subject).unwrap_or_else(|| "no customer named".to_owned());
    let title = format!("{}: {subject}", session_name(view.session));
    TicketTexts {
        title: shortened(&harmless(one_line(&title)), TITLE_LENGTH_MAX),
        description: shortened(&harmless(description(view.session, &customers)), DESCRIPTION_LENGTH_MAX),
    }
}

fn subject(customer: &CustomerModel) -> Option<String> {
    [&customer.issue, &customer.name, &customer.company, &customer.computer].into_iter().flatten().next().cloned()
}

fn description(session: &SupportSession, customers: &[CustomerModel]) -> String {
    let mut lines = vec![format!("{}.", session_name(session))];
    for customer in customers {
        if !customer.text.is_empty() {
            lines.push(format!("Customer: {}", customer.text));
        }
        lines.extend(customer.issue.iter().map(|issue| format!("Issue: {issue}")));
    }
    lines.join("\n")
}
