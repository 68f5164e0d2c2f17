//! Open tickets that could be meant by a session that names none: by the company, the contact and the configuration item that it tells of.
//!
//! Names are compared as a whole, without case; a company also by a part of its name, if few have it. Each row is checked again here,
//! like everywhere. A search that the API user has no right to is left out and told; what else fails, fails the whole.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use session::failure::Failure;
use session::ids::TicketId;
use tokio::time::Instant;

use super::answer::unexpected;
use super::client::AutotaskClient;
use super::lookups::query_call;
use super::query::{Condition, PAGE_ROWS_MAX, Query};
use super::rights::Choice;
use super::row::Row;
use super::transport::Entity;
use crate::suggestion::{Reason, ReasonKind, Suggestion, Suggestions, Traces};

/// More rows of one name are no hint: half a table may have "GmbH" in it, and one letter begins many names.
const NAMESAKES_MAX: u32 = 10;
/// Names of these many characters and more are also looked for as a part of a name.
const PART_LENGTH_MIN: usize = 4;
/// What is asked of each kind; a session knows one or two.
const TRACES_MAX: usize = 4;
/// The longest name of a person that is looked for, in words; each way to cut it into two names is one condition.
const WORDS_MAX: usize = 4;
/// What Windows leaves of a computer's name where only NetBIOS is spoken.
const NETBIOS_LENGTH: usize = 15;
/// An open ticket that nobody has touched for so long is forgotten rather than meant.
const ACTIVE_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 365);
/// "Complete" at every tenant (vendor reference); a tenant may have others of its own, told by their label.
const STATUS_COMPLETE: i64 = 5;
const COMPLETE_LABEL: &str = "complete";

/// Rows that fit, by their ids.
type Found = BTreeMap<i64, Reason>;

impl AutotaskClient {
    /// The open tickets that fit what a session tells, as of `now`.
    ///
    /// # Errors
    /// Any [`Failure`] of a read, but for a missing right to search one of the three kinds: that is in the answer.
    pub async fn suggest(&self, traces: &Traces, now: Timestamp, deadline: Instant) -> Result<Suggestions, Failure> {
        let mut unsearched = Vec::new();
        let devices = lawful(self.devices(&traces.computers, deadline).await, ReasonKind::Device, &mut unsearched)?;
        let contacts = lawful(self.contacts(&traces.people, deadline).await, ReasonKind::Contact, &mut unsearched)?;
        let companies = lawful(self.companies(traces, deadline).await, ReasonKind::Company, &mut unsearched)?;
        let links = [("configurationItemID", devices), ("contactID", contacts), ("companyID", companies)];
        let by_link = links.iter().filter(|(_, found)| !found.is_empty());
        let any: Vec<Condition> = by_link.map(|(field, found)| Condition::one_of(field, found.keys().copied())).collect();
        if any.is_empty() {
            return Ok(Suggestions::best(Vec::new(), unsearched));
        }
        let query = Query::new(
            vec![
                Condition::Any(any),
                Condition::not_equal("status", STATUS_COMPLETE),
                Condition::at_least("lastActivityDate", super::writes::utc(earliest(now))),
            ],
            &["id", "ticketNumber", "title", "status", "lastActivityDate", "companyID", "contactID", "configurationItemID"],
            PAGE_ROWS_MAX,
        );
        let rows = self.all_rows(Entity::Tickets, &query, deadline).await?;
        let statuses = self.ticket_choices("status", deadline).await?;
        let tickets: Result<Vec<_>, Failure> = rows.iter().map(|row| suggestion(row, &links, &statuses)).collect();
        Ok(Suggestions::best(tickets?.into_iter().flatten().collect(), unsearched))
    }

    /// By name, by a part of it if no name is the same, and by the short name.
    async fn companies(&self, traces: &Traces, deadline: Instant) -> Result<Found, Failure> {
        let mut found = Found::new();
        for name in wanted(&traces.companies) {
            let same = |row: &Row<'_>| row.text("companyName").is_some_and(|other| is_same(other, name));
            let mut rows = self.companies_where(Condition::equal("companyName", name), name, same, deadline).await?;
            if rows.is_empty() && name.chars().count() >= PART_LENGTH_MIN {
                let part = |row: &Row<'_>| row.text("companyName").is_some_and(|other| lower(other).contains(&lower(name)));
                rows = self.companies_where(Condition::contains("companyName", name), name, part, deadline).await?;
            }
            found.extend(rows);
        }
        for code in wanted(&traces.company_codes) {
            let same = |row: &Row<'_>| row.text("companyNumber").is_some_and(|other| is_same(other, code));
            found.extend(self.companies_where(Condition::equal("companyNumber", code), code, same, deadline).await?);
        }
        Ok(found)
    }

    async fn companies_where(
        &self,
        condition: Condition,
        private: &str,
        fits: impl Fn(&Row<'_>) -> bool,
        deadline: Instant,
    ) -> Result<Found, Failure> {
        let conditions = vec![condition, Condition::equal("isActive", true)];
        let query = Query::new(conditions, &["id", "companyName", "companyNumber"], NAMESAKES_MAX);
        let name = |row: &Row<'_>| row.text("companyName").map(str::to_owned);
        self.few(Entity::Companies, &query, ReasonKind::Company, private, fits, name, deadline).await
    }

    /// By first and last name, in whichever order they were typed, or by the e-mail address.
    async fn contacts(&self, people: &[String], deadline: Instant) -> Result<Found, Failure> {
        const ADDRESSES: [&str; 3] = ["emailAddress", "emailAddress2", "emailAddress3"];
        let mut found = Found::new();
        for person in wanted(people) {
            let names = names(person);
            let who = if person.contains('@') {
                Condition::Any(ADDRESSES.map(|field| Condition::equal(field, person)).into())
            } else if names.is_empty() {
                continue;
            } else {
                let named = names.iter().map(|(first, last)| {
                    Condition::All(vec![
                        Condition::equal("firstName", first.as_str()),
                        Condition::equal("lastName", last.as_str()),
                    ])
                });
                Condition::Any(named.collect())
            };
            // A number here, and true or false everywhere else (vendor's contract).
            let conditions = vec![who, Condition::equal("isActive", 1)];
            let fields = &["id", "firstName", "lastName", "emailAddress", "emailAddress2", "emailAddress3"];
            let query = Query::new(conditions, fields, NAMESAKES_MAX);
            let fits = |row: &Row<'_>| {
                let text = |field| row.text(field).unwrap_or_default();
                names.iter().any(|(first, last)| is_same(text("firstName"), first) && is_same(text("lastName"), last))
                    || ADDRESSES.iter().any(|field| is_same(text(field), person))
            };
            let name = |row: &Row<'_>| Some(format!("{} {}", row.text("firstName")?, row.text("lastName")?));
            found.extend(self.few(Entity::Contacts, &query, ReasonKind::Contact, person, fits, name, deadline).await?);
        }
        Ok(found)
    }

    /// By the name that people gave the device, and by the one that a management agent reports.
    async fn devices(&self, computers: &[String], deadline: Instant) -> Result<Found, Failure> {
        const NAMES: [&str; 2] = ["referenceTitle", "rmmDeviceAuditHostname"];
        let mut found = Found::new();
        for computer in wanted(computers) {
            // Either side may know the domain, or only the first characters.
            let beginning: String = host(computer).chars().take(NETBIOS_LENGTH).collect();
            let begins = NAMES.map(|field| Condition::begins_with(field, &beginning));
            let conditions = vec![Condition::Any(begins.into()), Condition::equal("isActive", true)];
            let query = Query::new(conditions, &["id", "referenceTitle", "rmmDeviceAuditHostname"], NAMESAKES_MAX);
            let fits = |row: &Row<'_>| NAMES.iter().any(|field| row.text(field).is_some_and(|name| is_host(name, computer)));
            let name = |row: &Row<'_>| NAMES.iter().find_map(|field| row.text(field)).map(str::to_owned);
            found.extend(self.few(Entity::ConfigurationItems, &query, ReasonKind::Device, computer, fits, name, deadline).await?);
        }
        Ok(found)
    }

    /// The rows that fit, if they are few; a full page says that what was asked for tells nothing.
    #[expect(clippy::too_many_arguments, reason = "one question in three places; a type for it would have one use")]
    async fn few(
        &self,
        entity: Entity,
        query: &Query,
        kind: ReasonKind,
        private: &str,
        fits: impl Fn(&Row<'_>) -> bool,
        name: impl Fn(&Row<'_>) -> Option<String>,
        deadline: Instant,
    ) -> Result<Found, Failure> {
        let page = self.page(&query_call(entity, query).hiding(private), deadline).await?;
        if page.rows.len() == query.rows_max() {
            return Ok(Found::new());
        }
        let fitting = page.rows.iter().filter_map(Row::new).filter(fits);
        Ok(fitting.filter_map(|row| Some((row.integer("id")?, Reason { kind, name: name(&row)? }))).collect())
    }
}

/// What was found; nothing if the API user may not search there, which is told.
fn lawful(
    searched: Result<Found, Failure>,
    kind: ReasonKind,
    unsearched: &mut Vec<(ReasonKind, Failure)>,
) -> Result<Found, Failure> {
    match searched {
        Err(failure @ (Failure::Blocked { .. } | Failure::Refused { .. } | Failure::Unrecognised { .. })) => {
            unsearched.push((kind, failure));
            Ok(Found::new())
        }
        searched => searched,
    }
}

/// The ticket of a row with its reasons; none if its status is one of those that the tenant calls complete.
fn suggestion(value: &Value, links: &[(&str, Found)], statuses: &[Choice]) -> Result<Option<Suggestion>, Failure> {
    let row = Row::new(value).ok_or_else(|| unexpected("a row that is no object"))?;
    let reasons: Vec<Reason> = links.iter().filter_map(|(field, found)| found.get(&row.integer(field)?)).cloned().collect();
    if reasons.is_empty() {
        return Err(unexpected("a row came back that was not asked for"));
    }
    let status = row.integer("status").and_then(|status| statuses.iter().find(|choice| choice.value == status));
    let status = status.map(|choice| choice.label.clone()).unwrap_or_default();
    let is_complete = row.integer("status") == Some(STATUS_COMPLETE) || lower(&status).starts_with(COMPLETE_LABEL);
    let ticket = || {
        Some(Suggestion {
            ticket: TicketId(row.integer("id")?),
            number: row.text("ticketNumber")?.trim().parse().ok()?,
            title: row.text("title").unwrap_or_default().to_owned(),
            status,
            last_activity: row.timestamp("lastActivityDate"),
            reasons,
        })
    };
    Ok(Some(ticket().ok_or_else(|| unexpected("a ticket without id or number"))?).filter(|_| !is_complete))
}

fn earliest(now: Timestamp) -> Timestamp {
    now.saturating_sub(ACTIVE_WITHIN).unwrap_or(Timestamp::MIN)
}

/// The texts that can be looked for.
fn wanted(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).take(TRACES_MAX)
}

fn lower(text: &str) -> String {
    text.trim().to_lowercase()
}

fn is_same(one: &str, other: &str) -> bool {
    lower(one) == lower(other)
}

/// First and last name, in each way in which the words can be cut; none of a single word, which too many people have.
fn names(person: &str) -> Vec<(String, String)> {
    // What follows in brackets was added by the appliance or the public site.
    let person = person.split(['<', '(', '[']).next().unwrap_or_default();
    if let Some((last, first)) = person.split_once(',') {
        let (first, last) = (first.trim(), last.trim());
        return if first.is_empty() || last.is_empty() { vec![] } else { vec![(first.to_owned(), last.to_owned())] };
    }
    let words: Vec<&str> = person.split_whitespace().take(WORDS_MAX + 1).collect();
    if words.len() > WORDS_MAX {
        return vec![];
    }
    (1..words.len()).map(|cut| (words[..cut].join(" "), words[cut..].join(" "))).collect()
}

/// The name without its domain.
fn host(name: &str) -> &str {
    name.trim().split('.').next().unwrap_or_default()
}

/// Whether both names are one computer's: without domain and case, and where one side was cut to what NetBIOS leaves.
fn is_host(one: &str, other: &str) -> bool {
    let (one, other) = (lower(host(one)), lower(host(other)));
    let cut = |name: &str| name.chars().take(NETBIOS_LENGTH).collect::<String>();
    !one.is_empty() && (one == other || cut(&one) == other || one == cut(&other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn person_is_looked_for_by_each_way_to_cut_the_name() {
        let pair = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(names("Jörg Müller <Lab 2>"), [pair("Jörg", "Müller")]);
        assert_eq!(names("Müller, Jörg"), [pair("Jörg", "Müller")]);
        assert_eq!(names("Ana de Souza"), [pair("Ana", "de Souza"), pair("Ana de", "Souza")]);
        for nobody in ["Jörg", "", "  ", "<Lab 2>", ",", "one two three four five"] {
            assert_eq!(names(nobody), [], "{nobody}");
        }
    }

    #[test]
    fn computer_is_the_same_with_and_without_domain_and_where_its_name_was_cut() {
        for (one, other, same) in [
            ("LAB2-PC07", "lab2-pc07.acme.example", true),
            ("LAB2-PC07", "LAB2-PC071", false),
            ("ACCOUNTING-BERL", "accounting-berlin-07", true),
            ("accounting-berlin-07", "ACCOUNTING-BERL", true),
            ("accounting-berlin-07", "accounting-berlin-08", false),
            ("", "", false),
        ] {
            assert_eq!(is_host(one, other), same, "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_none(text in "\\PC*", other in "\\PC*") {
            for (first, last) in names(&text) {
                prop_assert!(!first.is_empty() && !last.is_empty());
            }
            prop_assert_eq!(is_host(&text, &other), is_host(&other, &text));
        }
    }
}
