//! Who worked on a session, and when.
//!
//! A report lists connections, not people: somebody who left and came back stands there twice. Here they become one
//! person each, with the times of their connections from the events that say who joined and who left. Two readers
//! depend on it: time entries and the texts about a session. It decides neither what is billed nor what is shown.

use jiff::Timestamp;

use crate::ids::Gsnumber;
use crate::support_session::{Actor, ActorKind, PersonReference, Representative, SessionEvent, SessionEventKind, SupportSession};
use crate::write_id::RepresentativeKey;

/// One representative of a session, all their connections taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person<'a> {
    /// Who, within the session.
    pub key: RepresentativeKey,
    /// The login name on the appliance.
    pub username: Option<&'a str>,
    /// The name for colleagues, else the best there is.
    pub colleague_name: Option<&'a str>,
    /// The name for customers; never the one for colleagues.
    pub public_name: Option<&'a str>,
    /// Whether they were invited from outside for this session only.
    pub invited: bool,
    /// Whether the session was theirs. If there is anybody, exactly one is.
    pub primary: bool,
    /// Their connections to the session.
    pub gsnumbers: Vec<Gsnumber>,
    /// When they were there: in order of time, none touching another.
    pub connections: Vec<Connection>,
    /// How long the appliance says that they were involved, all connections together.
    pub seconds_involved: Option<u64>,
}

/// A time during which somebody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// From then.
    pub joined: Timestamp,
    /// Until then, not before [`Self::joined`]; `None` if neither a departure nor the session's end is known.
    pub left: Option<Timestamp>,
}

impl Person<'_> {
    /// How long they were there: by their connections, else by the appliance's own count. Seconds, never negative.
    #[must_use]
    pub fn seconds(&self) -> Option<i64> {
        let counted =
            self.connections.iter().map(|connection| Some(connection.left?.as_second() - connection.joined.as_second()));
        match counted.sum::<Option<i64>>() {
            Some(seconds) if !self.connections.is_empty() => Some(seconds),
            _ => self.seconds_involved.and_then(|seconds| i64::try_from(seconds).ok()),
        }
    }
}

/// The representatives of a session, in the order of the report, with one of them marked as primary: the one that
/// `primary_rep` points to, else one whose connection is flagged, else whoever was there longest.
///
/// `ended_at` ends the connections of those whose departure was not recorded.
#[must_use]
pub fn people(session: &SupportSession, ended_at: Option<Timestamp>) -> Vec<Person<'_>> {
    let mut people = Vec::new();
    for representative in &session.representatives {
        add_connection(&mut people, representative);
    }
    for event in &session.events {
        add_if_unlisted(&mut people, event);
    }
    if people.is_empty() {
        people.extend(session.primary_representative.as_ref().map(person_of_reference));
    }
    for person in &mut people {
        person.connections = connections_of(person, session, ended_at);
    }
    mark_primary(&mut people, session);
    people
}

fn add_connection<'a>(people: &mut Vec<Person<'a>>, representative: &'a Representative) {
    // One with neither permanent id nor connection is known by the login name, the next best thing.
    let login = representative.username.as_deref().filter(|_| representative.gsnumber.is_none());
    let id = representative.id.as_deref().or(login);
    let key = RepresentativeKey::new(id, representative.gsnumber);
    let known = people.iter_mut().find(|person| person.key == key);
    let person = match known {
        Some(person) => person,
        None => {
            people.push(blank(key));
            people.last_mut().expect("one was pushed just now")
        }
    };
    person.username = person.username.or(not_empty(representative.username.as_deref()));
    person.colleague_name = person.colleague_name.or(not_empty(representative.colleague_name()));
    person.public_name = person.public_name.or(not_empty(representative.public_display_name.as_deref()));
    person.invited |= representative.invited;
    person.primary |= representative.primary;
    person.gsnumbers.extend(representative.gsnumber);
    person.seconds_involved = match (person.seconds_involved, representative.seconds_involved) {
        (Some(before), Some(more)) => Some(before.saturating_add(more)),
        (before, more) => before.or(more),
    };
}

/// A list of representatives may be missing or short; a recorded join proves that somebody was there.
fn add_if_unlisted<'a>(people: &mut Vec<Person<'a>>, event: &'a SessionEvent) {
    let (SessionEventKind::MemberAdded, Some(actor)) = (&event.kind, representative_in(event)) else { return };
    let Some(gsnumber) = actor.gsnumber else { return };
    if people.iter().any(|person| person.gsnumbers.contains(&gsnumber)) {
        return;
    }
    let key = RepresentativeKey::new(event.datum("user_id"), Some(gsnumber));
    if let Some(person) = people.iter_mut().find(|person| person.key == key) {
        person.gsnumbers.push(gsnumber);
        return;
    }
    let mut person = blank(key);
    person.username = not_empty(event.datum("username"));
    person.colleague_name = not_empty(event.datum("private_name")).or(not_empty(Some(&actor.name)));
    person.public_name = not_empty(event.datum("public_name"));
    person.gsnumbers.push(gsnumber);
    people.push(person);
}

fn person_of_reference(reference: &PersonReference) -> Person<'_> {
    let mut person = blank(RepresentativeKey::new(reference.id.as_deref(), reference.gsnumber));
    person.colleague_name = not_empty(Some(&reference.name));
    person.gsnumbers.extend(reference.gsnumber);
    person
}

fn blank<'a>(key: RepresentativeKey) -> Person<'a> {
    Person {
        key,
        username: None,
        colleague_name: None,
        public_name: None,
        invited: false,
        primary: false,
        gsnumbers: Vec::new(),
        connections: Vec::new(),
        seconds_involved: None,
    }
}

fn not_empty(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Whoever joined or left is the performer; a report that names them as the destination is understood too.
fn representative_in(event: &SessionEvent) -> Option<&Actor> {
    let actors = [event.performed_by.as_ref(), event.destination.as_ref()];
    actors.into_iter().flatten().find(|actor| actor.kind == ActorKind::Representative)
}

fn connections_of(person: &Person<'_>, session: &SupportSession, ended_at: Option<Timestamp>) -> Vec<Connection> {
    let mut connections = Vec::new();
    for gsnumber in &person.gsnumbers {
        let mut open: Option<Timestamp> = None;
        for event in &session.events {
            let is_theirs = representative_in(event).is_some_and(|actor| actor.gsnumber == Some(*gsnumber));
            let Some(at) = event.at.filter(|_| is_theirs) else { continue };
            match event.kind {
                SessionEventKind::MemberAdded => open = open.or(Some(at)),
                SessionEventKind::MemberDeparted => {
                    // A departure without a join: they were there from the start, as far as anybody knows.
                    let joined = open.take().or(session.started_at.filter(|_| connections.is_empty()));
                    connections.extend(joined.map(|joined| Connection { joined, left: Some(at) }));
                }
                _ => {}
            }
        }
        connections.extend(open.map(|joined| Connection { joined, left: ended_at }));
    }
    for connection in &mut connections {
        clip(connection, session.started_at, ended_at);
    }
    merged(connections)
}

/// Clocks and orders of events may disagree by a second or two: nobody was there before the start or after the end.
fn clip(connection: &mut Connection, started_at: Option<Timestamp>, ended_at: Option<Timestamp>) {
    connection.joined = started_at.map_or(connection.joined, |started_at| connection.joined.max(started_at));
    if let Some(ended_at) = ended_at {
        connection.left = connection.left.map(|left| left.min(ended_at));
    }
    connection.left = connection.left.map(|left| left.max(connection.joined));
}

/// The same times without overlaps: two consoles at once are not two people.
fn merged(mut connections: Vec<Connection>) -> Vec<Connection> {
    connections.sort_by_key(|connection| connection.joined);
    let mut merged: Vec<Connection> = Vec::with_capacity(connections.len());
    for next in connections {
        match merged.last_mut() {
            Some(last) if last.left.is_none_or(|left| next.joined <= left) => {
                last.left = last.left.zip(next.left).map(|(left, next_left)| left.max(next_left));
            }
            _ => merged.push(next),
        }
    }
    merged
}

fn mark_primary(people: &mut [Person<'_>], session: &SupportSession) {
    let referenced = session.primary_representative.as_ref().and_then(|reference| {
        let by_connection = people.iter().position(|person| reference.gsnumber.is_some_and(|n| person.gsnumbers.contains(&n)));
        by_connection.or_else(|| {
            let id = reference.id.as_deref().filter(|id| !id.is_empty())?;
            let key = RepresentativeKey::new(Some(id), None);
            people.iter().position(|person| person.key == key)
        })
    });
    let flagged = || people.iter().position(|person| person.primary);
    // `max_by_key` returns the last of equals; the first of the report is meant.
    let longest = || (0..people.len()).rev().max_by_key(|index| people[*index].seconds().unwrap_or(0));
    let primary = referenced.or_else(flagged).or_else(longest);
    for (index, person) in people.iter_mut().enumerate() {
        person.primary = Some(index) == primary;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::sample::*;

    fn connections(person: &Person<'_>) -> Vec<(i64, Option<i64>)> {
        let seconds = |at: Timestamp| at.as_second() - START;
        person.connections.iter().map(|c| (seconds(c.joined), c.left.map(seconds))).collect()
    }

    fn session(representatives: Vec<Representative>, events: Vec<SessionEvent>) -> SupportSession {
        SupportSession { representatives, events, ..bare() }
    }

    fn primary(session: &SupportSession) -> Option<&str> {
        people(session, session.ended_at).into_iter().find(|person| person.primary).and_then(|person| person.colleague_name)
    }

    #[test]
    fn session_that_nobody_joined_has_nobody() {
        let session = session(vec![], vec![joined(START, by_customer()), left(END, by_customer())]);
        assert_eq!(people(&session, session.ended_at), []);
    }

    #[test]
    fn who_comes_back_is_one_person_with_two_times() {
        let again = Representative { gsnumber: Some(Gsnumber(309)), ..dana() };
        let by_again = by(ActorKind::Representative, 309, "Dana Whitfield");
        let events = vec![
            joined(START + 10, by_dana()),
            left(START + 70, by_dana()),
            joined(START + 100, by_again.clone()),
            left(START + 160, by_again),
        ];
        let session = session(vec![dana(), again], events);
        let people = people(&session, session.ended_at);
        assert_eq!(people.len(), 1);
        assert_eq!(connections(&people[0]), [(10, Some(70)), (100, Some(160))]);
        assert_eq!(people[0].seconds(), Some(120));
    }

    #[test]
    fn two_consoles_at_once_do_not_count_twice() {
        let second = Representative { gsnumber: Some(Gsnumber(309)), ..dana() };
        let by_second = by(ActorKind::Representative, 309, "Dana Whitfield");
        let events = vec![
            joined(START + 10, by_dana()),
            joined(START + 20, by_second.clone()),
            left(START + 40, by_second),
            left(START + 70, by_dana()),
        ];
        let session = session(vec![dana(), second], events);
        assert_eq!(connections(&people(&session, session.ended_at)[0]), [(10, Some(70))]);
    }

    #[test]
    fn missing_departure_lasts_until_the_end_and_missing_join_from_the_start() {
        let session = session(vec![dana(), tobi()], vec![joined(START + 10, by_dana()), left(START + 60, by_tobi())]);
        let closed = people(&session, session.ended_at);
        assert_eq!(connections(&closed[0]), [(10, Some(END - START))]);
        assert_eq!(connections(&closed[1]), [(0, Some(60))]);
        let open = people(&session, None);
        assert_eq!(connections(&open[0]), [(10, None)]);
        assert_eq!(open[0].seconds(), None);
    }

    #[test]
    fn nobody_was_there_before_the_start_or_after_the_end() {
        let events =
            vec![joined(START - 5, by_dana()), left(END + 9, by_dana()), left(START + 2, by_tobi()), joined(END + 3, by_tobi())];
        let session = session(vec![dana(), tobi()], events);
        let people = people(&session, session.ended_at);
        assert_eq!(connections(&people[0]), [(0, Some(END - START))]);
        assert!(people[1].seconds().unwrap() >= 0);
    }

    #[test]
    fn without_events_the_count_of_the_appliance_tells_how_long() {
        let session = session(vec![Representative { seconds_involved: Some(200), ..dana() }], vec![]);
        let people = people(&session, session.ended_at);
        assert_eq!((people[0].connections.len(), people[0].seconds()), (0, Some(200)));
    }

    #[test]
    fn recorded_join_proves_that_somebody_was_there() {
        let join = with_data(joined(START, by_tobi()), &[("user_id", "22"), ("username", "tokafor"), ("public_name", "Tobi O.")]);
        let session = session(vec![dana()], vec![join]);
        let people = people(&session, session.ended_at);
        assert_eq!(people[1].key.as_str(), "22");
        assert_eq!((people[1].username, people[1].colleague_name), (Some("tokafor"), Some("Tobi Okafor")));
    }

    #[test]
    fn primary_is_who_is_pointed_to_else_flagged_else_there_longest() {
        let events =
            vec![joined(START, by_dana()), left(START + 100, by_dana()), joined(START + 50, by_tobi()), left(END, by_tobi())];
        let mut session = session(vec![dana(), tobi()], events);
        assert_eq!(primary(&session), Some("Tobi Okafor"));
        session.representatives[0].primary = true;
        assert_eq!(primary(&session), Some("Dana Whitfield"));
        session.primary_representative = Some(PersonReference { gsnumber: Some(Gsnumber(TOBI)), id: None, name: String::new() });
        assert_eq!(primary(&session), Some("Tobi Okafor"));
        session.primary_representative =
            Some(PersonReference { gsnumber: Some(Gsnumber(999)), id: Some("17".to_owned()), name: String::new() });
        assert_eq!(primary(&session), Some("Dana Whitfield"));
    }

    #[test]
    fn first_of_equals_is_primary_and_there_is_exactly_one() {
        let mut session = session(vec![dana(), tobi()], vec![]);
        assert_eq!(primary(&session), Some("Dana Whitfield"));
        for representative in &mut session.representatives {
            representative.primary = true;
        }
        assert_eq!(people(&session, session.ended_at).iter().filter(|person| person.primary).count(), 1);
    }

    #[test]
    fn report_without_a_list_still_names_its_owner() {
        let reference = PersonReference { gsnumber: None, id: Some("17".to_owned()), name: "Dana Whitfield".to_owned() };
        let session = SupportSession { primary_representative: Some(reference), ..bare() };
        assert_eq!(primary(&session), Some("Dana Whitfield"));
    }
}
