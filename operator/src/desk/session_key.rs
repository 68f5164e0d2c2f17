//! A session key for a ticket: whom the session waits for, and the external key that leads its report back to the ticket. Pure.

use std::str::FromStr;

use appliance::client::{Team, WaitsFor};
use session::content::{Ticket, TicketReference};
use session::external_key::KeyRules;

/// Whom the session waits for, as a person says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum For {
    Representative(String),
    /// By number or name.
    Team(String),
    General,
    Issue(String),
}

impl FromStr for For {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |name: &str| Some(name.trim()).filter(|name| !name.is_empty()).map(str::to_owned);
        let meant = match text.split_once(':') {
            None if text == "general" => Some(Self::General),
            Some(("rep", login)) => named(login).map(Self::Representative),
            Some(("team", team)) => named(team).map(Self::Team),
            Some(("issue", code_name)) => named(code_name).map(Self::Issue),
            _ => None,
        };
        meant.ok_or("it is rep:<user name>, team:<number or name>, general, or issue:<code name>")
    }
}

/// Why nobody can be waited for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoTeam {
    /// There is none of that name, but these.
    Unknown(Vec<String>),
    /// There are several.
    Ambiguous(Vec<u64>),
}

impl For {
    /// Whether the appliance must be asked for its teams first.
    pub(crate) fn needs_teams(&self) -> bool {
        matches!(self, Self::Team(name) if name.parse::<u64>().is_err())
    }

    /// As the appliance is told; `teams` are its teams, if they are needed.
    pub(crate) fn waits_for(self, teams: &[Team]) -> Result<WaitsFor, NoTeam> {
        let name = match self {
            Self::Representative(login) => return Ok(WaitsFor::Representative(login)),
            Self::General => return Ok(WaitsFor::General),
            Self::Issue(code_name) => return Ok(WaitsFor::Issue(code_name)),
            Self::Team(name) => name,
        };
        if let Ok(id) = name.parse() {
            return Ok(WaitsFor::Team(id));
        }
        let same: Vec<u64> =
            teams.iter().filter(|team| team.name.to_lowercase() == name.to_lowercase()).map(|team| team.id).collect();
        match same.as_slice() {
            [id] => Ok(WaitsFor::Team(*id)),
            [] => Err(NoTeam::Unknown(teams.iter().map(|team| team.name.clone()).collect())),
            _ => Err(NoTeam::Ambiguous(same)),
        }
    }
}

/// The key that leads back to the ticket by the connection's own rules: its number, else its id; none if the rules find neither.
pub(crate) fn external_key(rules: &KeyRules, ticket: &Ticket) -> Option<String> {
    let number = ticket.number.to_string();
    if rules.ticket(Some(&number)) == Ok(TicketReference::Number(ticket.number.clone())) {
        return Some(number);
    }
    let id = ticket.id.to_string();
    (rules.ticket(Some(&id)) == Ok(TicketReference::Id(ticket.id))).then_some(id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use session::TicketId;
    use session::external_key::pattern;

    use super::*;

    fn team(id: u64, name: &str) -> Team {
        Team { id, name: name.to_owned() }
    }

    #[test]
    fn whom_the_session_waits_for_is_said_in_four_ways() {
        assert_eq!("general".parse(), Ok(For::General));
        assert_eq!("rep:dwhitfield".parse(), Ok(For::Representative("dwhitfield".to_owned())));
        assert_eq!("rep:ACME\\mlindqvist".parse(), Ok(For::Representative("ACME\\mlindqvist".to_owned())));
        assert_eq!("team:Service Desk: nights".parse(), Ok(For::Team("Service Desk: nights".to_owned())));
        assert_eq!("issue:printer".parse(), Ok(For::Issue("printer".to_owned())));
        for wrong in ["", "rep:", "team: ", "General", "dwhitfield", "user:x"] {
            assert!(wrong.parse::<For>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn team_is_found_by_number_or_name_and_never_guessed() {
        let teams = [team(4, "Service Desk"), team(9, "Field"), team(10, "field")];
        let waits_for = |name: &str| For::Team(name.to_owned()).waits_for(&teams);
        assert_eq!(waits_for("4"), Ok(WaitsFor::Team(4)));
        assert_eq!(waits_for("service desk"), Ok(WaitsFor::Team(4)));
        assert_eq!(waits_for("Field"), Err(NoTeam::Ambiguous(vec![9, 10])));
        assert!(matches!(waits_for("Desk"), Err(NoTeam::Unknown(known)) if known.len() == 3));
        assert!(!For::Team("4".to_owned()).needs_teams() && For::Team("x".to_owned()).needs_teams());
    }

    #[test]
    fn external_key_is_one_that_the_connections_own_rules_read_back() {
        let ticket = Ticket {
            id: TicketId(7001),
            number: "T20250318.0042".parse().unwrap(),
            company: 501,
            status: 8,
            assigned_role: None,
            last_activity: None,
        };
        let key = |own: Option<&str>| {
            let rules = KeyRules::new(ticketing::autotask::TICKET_NUMBER, own.map(|own| pattern(own).unwrap()));
            external_key(&rules, &ticket)
        };
        assert_eq!(key(None).as_deref(), Some("T20250318.0042"));
        assert_eq!(key(Some(r"^(\d+)$")).as_deref(), Some("7001"));
        assert_eq!(key(Some(r"CASE-(\d+)")), None);
    }
}
