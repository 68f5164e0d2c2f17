//! What a session tells of whom it was for, as far as a ticketing system can be asked for it. Pure.

use session::SupportSession;
use ticketing::suggestion::Traces;

/// The traces of the customers in a report, the primary one's first. People, not representatives: theirs are other companies.
pub(crate) fn traces(session: &SupportSession) -> Traces {
    let mut customers: Vec<_> = session.customers.iter().collect();
    customers.sort_by_key(|customer| !customer.primary);
    let mut traces = Traces::default();
    for customer in customers {
        let info = &customer.info;
        // What somebody has typed, and what the appliance made of it: often the same.
        add(&mut traces.people, [&info.name, &customer.name]);
        add(&mut traces.companies, [&info.company]);
        add(&mut traces.company_codes, [&info.company_code]);
        add(&mut traces.computers, [&customer.hostname]);
    }
    traces
}

fn add<const N: usize>(texts: &mut Vec<String>, more: [&Option<String>; N]) {
    for text in more.into_iter().flatten().map(|text| text.trim()) {
        if !text.is_empty() && !texts.iter().any(|known| known.eq_ignore_ascii_case(text)) {
            texts.push(text.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use session::support_session::{Customer, CustomerInfo};

    use super::*;

    fn customer(primary: bool, name: &str, typed: &str, company: &str, hostname: &str) -> Customer {
        let some = |text: &str| Some(text.to_owned());
        let info = CustomerInfo { name: some(typed), company: some(company), ..CustomerInfo::default() };
        Customer { primary, name: some(name), hostname: some(hostname), info, ..Customer::default() }
    }

    #[test]
    fn primary_customers_traces_come_first_and_each_text_once() {
        let mut session = SupportSession::empty("7d1f0c52".parse().unwrap());
        session.customers = vec![
            customer(false, "", " ", "ACME", "SRV01"),
            customer(true, "Jörg Müller <Lab 2>", "Jörg Müller", "Acme", "LAB2-PC07"),
        ];
        let traces = traces(&session);
        assert_eq!(traces.people, ["Jörg Müller", "Jörg Müller <Lab 2>"]);
        assert_eq!(traces.companies, ["Acme"]);
        assert_eq!(traces.computers, ["LAB2-PC07", "SRV01"]);
        assert!(traces.company_codes.is_empty());
    }
}
