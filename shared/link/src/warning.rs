//! What is wrong with a document that serves all the same.

use connection::{Loaded, Version};
use delivery::NoticeSubject;
use texts::TemplateProblem;

use crate::from_document::ticket_fields_without_effect;

/// Something in a connection document that serves and should be corrected all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigWarning {
    /// What sort of thing.
    pub subject: NoticeSubject,
    /// What is wrong; names the key.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}

pub(crate) fn warnings(loaded: &Loaded, template_problems: Vec<TemplateProblem>) -> Vec<ConfigWarning> {
    let of_document = match &loaded.version {
        Version::Current => None,
        Version::Previous { problem } => {
            Some(ConfigWarning { subject: NoticeSubject::Connection, problem: problem.to_string(), remedy: loaded.remedy() })
        }
    };
    let of_templates = template_problems.into_iter().map(|TemplateProblem { template, what }| ConfigWarning {
        subject: NoticeSubject::TemplateFailed,
        problem: format!("template {template}: {what}"),
        remedy: "correct the template in the connection document; the built-in one is used",
    });
    let of_tickets = ticket_fields_without_effect(&loaded.document).map(|name| ConfigWarning {
        subject: NoticeSubject::Connection,
        problem: format!("autotask.ticket.defaults.{name} is no field of a ticket that can be given: it has no effect"),
        remedy: "correct or remove it in the connection document (docs/connection.md lists the fields)",
    });
    of_document.into_iter().chain(of_templates).chain(of_tickets).collect()
}
