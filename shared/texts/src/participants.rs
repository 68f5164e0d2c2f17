//! Who takes part in a session, and what they are called before an audience: what is not for customers has no name here that they see.

use session::ids::Gsnumber;
use session::presence::{Person, people};
use session::support_session::{Actor, ActorKind, Customer};

use crate::View;
use crate::text::one_line_or_none;

/// For whom a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Our own people.
    Internal,
    /// The customer too.
    Customer,
}

/// Who takes part in a session and what they are called before an audience.
pub(crate) struct Participants<'a> {
    pub(crate) people: Vec<Person<'a>>,
    customers: &'a [Customer],
    pub(crate) primary_customer: Option<&'a str>,
    pub(crate) audience: Audience,
    /// A jump to a computer at which nobody sits, as far as the report tells.
    pub(crate) unattended: bool,
}

impl<'a> Participants<'a> {
    pub(crate) fn new(view: &View<'a>, audience: Audience) -> Self {
        let session = view.session;
        let named = |name: &Option<String>| name.as_deref().is_some_and(|name| !name.trim().is_empty());
        let primary_customer = session.primary_customer.as_ref().map(|reference| reference.name.as_str());
        let primary_customer = primary_customer.filter(|name| !name.trim().is_empty());
        let somebody = primary_customer.is_some() || session.customers.iter().any(|c| named(&c.name) || named(&c.info.name));
        Self {
            people: people(session, view.ended.at()),
            customers: &session.customers,
            primary_customer,
            audience,
            unattended: !somebody && (session.jump_group.is_some() || session.jumpoint.is_some()),
        }
    }

    /// What the actor is called; never empty.
    pub(crate) fn name(&self, actor: Option<&Actor>) -> String {
        let Some(actor) = actor else { return "(unknown)".to_owned() };
        let own_name = || one_line_or_none(Some(&actor.name));
        match actor.kind {
            ActorKind::Representative => {
                let listed = actor.gsnumber.and_then(|gsnumber| self.representative_name(gsnumber));
                let named = || own_name().filter(|_| self.audience == Audience::Internal);
                listed.or_else(named).unwrap_or_else(|| "Technician".to_owned())
            }
            ActorKind::Customer => {
                let listed = actor.gsnumber.and_then(|gsnumber| self.customer_name(gsnumber));
                listed.or_else(own_name).unwrap_or_else(|| "Customer".to_owned())
            }
            ActorKind::Everyone => "everyone".to_owned(),
            ActorKind::System => "System".to_owned(),
            ActorKind::Other => own_name().unwrap_or_else(|| "(unknown)".to_owned()),
        }
    }

    /// What the representative of that connection is called, if there is one.
    pub(crate) fn representative_name(&self, gsnumber: Gsnumber) -> Option<String> {
        let person = self.people.iter().find(|person| person.gsnumbers.contains(&gsnumber))?;
        Some(self.person_name(person))
    }

    /// What the customer of that connection is called, if there is one with a name; else their computer.
    pub(crate) fn customer_name(&self, gsnumber: Gsnumber) -> Option<String> {
        let customer = self.customers.iter().find(|customer| customer.gsnumber == Some(gsnumber))?;
        customer_name(customer).or_else(|| one_line_or_none(customer.hostname.as_deref()))
    }

    /// What the representative is called whose session it was.
    pub(crate) fn primary_name(&self) -> Option<String> {
        self.people.iter().find(|person| person.primary).map(|person| self.person_name(person))
    }

    /// What the customer is called whom it was about.
    pub(crate) fn primary_customer_name(&self) -> Option<String> {
        let primary = self.customers.iter().find(|customer| customer.primary).or(self.customers.first());
        primary.and_then(customer_name).or_else(|| one_line_or_none(self.primary_customer))
    }

    /// What the representative is called: before customers the public name or none, never the one for colleagues.
    pub(crate) fn person_name(&self, person: &Person<'_>) -> String {
        let name = match self.audience {
            Audience::Internal => person.colleague_name.or(person.public_name),
            Audience::Customer => person.public_name,
        };
        one_line_or_none(name).unwrap_or_else(|| "Technician".to_owned())
    }
}

/// What the customer is called, if anything.
pub(crate) fn customer_name(customer: &Customer) -> Option<String> {
    one_line_or_none(customer.info.name.as_deref()).or_else(|| one_line_or_none(customer.name.as_deref()))
}
