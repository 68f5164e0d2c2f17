//! Which texts of a session are looked at: all that people typed, all that was found on their computers.
//!
//! Not looked at: ids, times, network addresses, links, the external key (it names the ticket), and what says who a representative is, for
//! by that resources and times are found.

use serde_json::{Map, Value};

use super::{Kind, Redactor, TakenOut, labels};
use session::support_session::{ActorKind, Customer, SessionEvent, SessionEventKind, SupportSession, Survey};

impl Redactor {
    /// Takes everything out of the session that must not lie on a ticket, but for its surveys: by what those say they are known, so they
    /// are cleaned ([`Self::survey`]) where their notes are made. Returns how much is taken out, with that of the surveys.
    pub fn session(&self, session: &mut SupportSession) -> TakenOut {
        let mut taken_out = TakenOut::default();
        for attribute in &mut session.custom_attributes {
            let is_secret = labels::is_label(&attribute.display_name) || labels::is_label(&attribute.code_name);
            taken_out = taken_out.and(self.field(is_secret, &mut attribute.value));
        }
        if let Some(customer) = &mut session.primary_customer {
            taken_out = taken_out.and(self.text(&mut customer.name));
        }
        for customer in &mut session.customers {
            taken_out = taken_out.and(self.customer(customer));
        }
        for event in &mut session.events {
            taken_out = taken_out.and(self.event(event));
        }
        let surveys = session.customer_surveys.iter().chain(&session.representative_surveys);
        surveys.fold(taken_out, |taken_out, survey| taken_out.and(self.survey(&mut survey.clone())))
    }

    /// Takes everything out of the survey's answers that must not lie on a ticket.
    pub fn survey(&self, survey: &mut Survey) -> TakenOut {
        survey.answers.iter_mut().fold(TakenOut::default(), |taken_out, (question, answer)| {
            taken_out.and(self.field(labels::is_label(question), answer))
        })
    }

    /// Takes everything out of the texts among the fields that must not lie on a ticket: what an external key says of one.
    pub fn fields(&self, fields: &mut Map<String, Value>) -> TakenOut {
        fields.iter_mut().fold(TakenOut::default(), |taken_out, (name, value)| match value {
            Value::String(text) => taken_out.and(self.field(labels::is_label(name), text)),
            _ => taken_out,
        })
    }

    /// A text that has a name: where that says that it is a password, all of it is.
    fn field(&self, is_secret: bool, value: &mut String) -> TakenOut {
        let says_something = value.chars().any(char::is_alphanumeric);
        if !(self.secrets && is_secret && says_something) || *value == Kind::Password.placeholder() {
            return self.text(value);
        }
        Kind::Password.placeholder().clone_into(value);
        TakenOut { passwords: 1, ..TakenOut::default() }
    }

    fn customer(&self, customer: &mut Customer) -> TakenOut {
        let info = &mut customer.info;
        let texts =
            [&mut customer.name, &mut info.name, &mut info.company, &mut info.company_code, &mut info.issue, &mut info.details];
        self.texts(texts.into_iter().flatten())
    }

    fn event(&self, event: &mut SessionEvent) -> TakenOut {
        let people = [&mut event.performed_by, &mut event.destination].into_iter().flatten();
        // Whose time it is, is known by the names of representatives.
        let typed = people.filter(|actor| actor.kind != ActorKind::Representative).map(|actor| &mut actor.name);
        let mut taken_out = self.texts(typed);
        let said = event.body.iter_mut().chain(event.files.iter_mut().map(|file| &mut file.name));
        taken_out = taken_out.and(self.texts(said));
        // Who joined or left is known by these.
        let names_people = matches!(event.kind, SessionEventKind::MemberAdded | SessionEventKind::MemberDeparted);
        if !names_people {
            taken_out = event.data.iter_mut().fold(taken_out, |taken_out, (_, value)| taken_out.and(self.text(value)));
        }
        let rows = event.system_information.iter_mut().flat_map(|category| category.rows.iter_mut().flatten());
        rows.fold(taken_out, |taken_out, (name, value)| taken_out.and(self.field(labels::is_label(name), value)))
    }

    fn texts<'a>(&self, texts: impl Iterator<Item = &'a mut String>) -> TakenOut {
        texts.fold(TakenOut::default(), |taken_out, text| taken_out.and(self.text(text)))
    }
}
