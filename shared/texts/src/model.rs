//! The data that templates are given, documented field by field in `docs/templates.md`.
//!
//! Everything is written out already (times, durations, names), so that a template only arranges. What is not for an
//! audience is not in its data: a customer's note cannot leak a link because a template asked for it. Every field is
//! always present, if only as `null` or an empty list, so that a template that asks for any other is mistaken.

use jiff::Timestamp;
use serde::Serialize;

use crate::participants::{Audience, Participants, customer_name};
use crate::text::{one_line, one_line_or_none, paragraph};
use crate::timeline::{EntryModel, FileModel, Reader, SystemModel, WorkModel};
use crate::{APPLIANCE_KEEPS_DAYS, Ended, View};
use session::local_time::{Clock, duration};
use session::presence::{Connection, Person};
use session::support_session::{Customer, SupportSession};

/// Further lines of a value in the heading stand under its first, behind the label.
const HEADING_INDENT: usize = 13;

/// The longest line of technicians before each gets one of their own.
const TECHNICIANS_LINE_MAX: usize = 100;

/// The most times of one person, and the most persons in the line of a time entry, that are listed one by one.
const LISTED_MAX: usize = 12;

/// What every template is told of the session.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HeadingModel {
    lsid: String,
    sequence: Option<u64>,
    period: String,
    started: Option<String>,
    ended: Option<String>,
    pub(crate) duration: Option<String>,
    duration_seconds: Option<i64>,
    time_zone: Option<String>,
}

impl HeadingModel {
    pub(crate) fn new(view: &View<'_>) -> Self {
        let clock = Clock::new(view.time_zone);
        let (started, ended) = (view.session.started_at, view.ended.at());
        let seconds = started.zip(ended).map(|(from, to)| to.as_second() - from.as_second()).filter(|seconds| *seconds >= 0);
        let zone = started.or(ended).map(|from| clock.zone(from, ended.unwrap_or(from)));
        let duration = seconds.map(duration);
        Self {
            lsid: view.session.lsid.to_string(),
            sequence: view.session.sequence,
            period: period(&clock, started, ended, duration.as_deref(), zone.as_deref()),
            started: started.map(|at| clock.date_and_minute(at)),
            ended: ended.map(|at| clock.date_and_minute(at)),
            duration,
            duration_seconds: seconds,
            time_zone: zone,
        }
    }
}

/// `18 Mar 2025, 14:02-14:27 (25 min, Europe/Berlin +01:00)`, or what is known of that.
fn period(clock: &Clock<'_>, from: Option<Timestamp>, to: Option<Timestamp>, lasted: Option<&str>, zone: Option<&str>) -> String {
    let (span, lacks) = match (from, to) {
        (Some(from), Some(to)) => (clock.span(from, to), None),
        (Some(from), None) => (clock.date_and_minute(from), Some("end unknown")),
        (None, Some(to)) => (clock.date_and_minute(to), Some("end; start unknown")),
        (None, None) => return "time unknown".to_owned(),
    };
    let remarks: Vec<&str> = [lasted, lacks, zone].into_iter().flatten().collect();
    format!("{span} ({})", remarks.join(", "))
}

/// `Remote session 48213`, or without the number if there is none.
pub(crate) fn session_name(session: &SupportSession) -> String {
    match session.sequence {
        Some(sequence) => format!("Remote session {sequence}"),
        None => "Remote session".to_owned(),
    }
}

/// All that the note of a session can show.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SessionModel {
    #[serde(flatten)]
    pub(crate) heading: HeadingModel,
    remark: Option<&'static str>,
    public_site: Option<String>,
    team: Option<String>,
    external_key: Option<String>,
    endpoint: Option<String>,
    customers: Vec<CustomerModel>,
    attributes: Vec<AttributeModel>,
    attributes_text: String,
    pub(crate) technicians: Vec<TechnicianModel>,
    technicians_text: String,
    recording: Option<String>,
    chat_link: Option<String>,
    command_shells: Vec<String>,
    show_my_screen: Vec<String>,
    links_kept_days: u32,
    work: Vec<WorkModel>,
    files: Vec<FileModel>,
    pub(crate) timeline: Vec<EntryModel>,
    pub(crate) message_count: usize,
    pub(crate) action_count: usize,
    systems: Vec<SystemModel>,
    addresses: Option<String>,
    omitted: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct CustomerModel {
    pub(crate) name: Option<String>,
    pub(crate) company: Option<String>,
    company_code: Option<String>,
    pub(crate) computer: Option<String>,
    operating_system: Option<String>,
    private_address: Option<String>,
    public_address: Option<String>,
    pub(crate) issue: Option<String>,
    primary: bool,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Serialize)]
struct AttributeModel {
    name: String,
    code_name: String,
    value: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct TechnicianModel {
    pub(crate) name: String,
    username: Option<String>,
    pub(crate) primary: bool,
    invited: bool,
    presence: Option<String>,
    text: String,
}

impl SessionModel {
    pub(crate) fn new(view: &View<'_>, audience: Audience) -> Self {
        let (session, clock, participants) = (view.session, Clock::new(view.time_zone), Participants::new(view, audience));
        let reader = Reader { session, participants: &participants, clock: &clock, audience };
        let internal = |text: &Option<String>| one_line_or_none(text.as_deref()).filter(|_| audience == Audience::Internal);
        let links = Some(&session.links).filter(|_| audience == Audience::Internal);
        let customers = customers(&participants, session);
        let attributes = attributes(session, audience);
        let technicians = technicians(&participants, &clock, session.started_at);
        let timeline = reader.timeline();
        let mut model = Self {
            heading: HeadingModel::new(view),
            remark: remark(view.ended),
            public_site: one_line_or_none(session.public_site.as_deref()),
            team: internal(&session.primary_team),
            external_key: internal(&session.external_key),
            endpoint: participants.unattended.then(|| endpoint(&customers, session, audience)),
            addresses: addresses(&customers),
            customers,
            attributes_text: attributes.iter().map(|a| format!("{}: {}", a.name, a.value)).collect::<Vec<_>>().join("; "),
            attributes,
            technicians_text: technicians_text(&technicians),
            technicians,
            recording: links
                .and_then(|links| links.recording_view.as_ref().or(links.recording_download.as_ref()))
                .map(|l| one_line(l)),
            chat_link: links.and_then(|links| links.chat_view.as_deref()).map(one_line),
            command_shells: links
                .map(|links| links.command_shells.iter().map(|link| one_line(link)).collect())
                .unwrap_or_default(),
            show_my_screen: links
                .map(|links| links.show_my_screen.iter().map(|link| one_line(link)).collect())
                .unwrap_or_default(),
            links_kept_days: APPLIANCE_KEEPS_DAYS,
            work: reader.work(),
            files: reader.files(),
            message_count: timeline.iter().filter(|entry| entry.chat).count(),
            action_count: timeline.iter().filter(|entry| !entry.chat).count(),
            timeline,
            systems: reader.systems(),
            omitted: omitted(session),
        };
        model.mark_days(&clock, session.started_at);
        model
    }

    /// Says the date before the first entry of each further day: times alone would jump back over midnight.
    pub(crate) fn mark_days(&mut self, clock: &Clock<'_>, started_at: Option<Timestamp>) {
        let mut day = started_at;
        for entry in &mut self.timeline {
            let Some(at) = entry.at else { continue };
            entry.day = day.filter(|day| !clock.same_day(*day, at)).map(|_| clock.date(at));
            day = Some(at);
        }
    }

    /// Leaves out the system information. Returns whether there was any.
    pub(crate) fn drop_system_information(&mut self) -> bool {
        let had_any = !self.systems.is_empty() || self.addresses.is_some();
        self.systems.clear();
        self.addresses = None;
        had_any
    }

    /// Leaves out the actions, not the chat. Returns whether there were any.
    pub(crate) fn drop_actions(&mut self) -> bool {
        self.timeline.retain(|entry| entry.chat);
        std::mem::take(&mut self.action_count) > 0
    }
}

fn remark(ended: Ended) -> Option<&'static str> {
    match ended {
        Ended::Reported(_) => None,
        Ended::TakenFromEvent(_) => Some("The report has no end time; the end is when the appliance announced it."),
        Ended::LastEvent(_) => Some("The report has no end time; the end is that of the last event in it."),
        Ended::Unknown => Some("The report has no end time."),
    }
}

fn omitted(session: &SupportSession) -> Option<String> {
    let count = session.omitted.events;
    let events = if count == 1 { "1 event is" } else { "events are" };
    let events = if count == 1 { events.to_owned() } else { format!("{count} {events}") };
    (count > 0).then(|| {
        format!(
            "{events} left out or cut: the session is too long. The appliance keeps all of it for {APPLIANCE_KEEPS_DAYS} days."
        )
    })
}

pub(crate) fn customers(participants: &Participants<'_>, session: &SupportSession) -> Vec<CustomerModel> {
    let audience = participants.audience;
    let primary = session.primary_customer.as_ref().and_then(|reference| reference.gsnumber);
    let is_primary = |customer: &Customer| customer.primary || (primary.is_some() && customer.gsnumber == primary);
    let model = |customer: &Customer| customer_model(customer, is_primary(customer), participants);
    let mut customers: Vec<CustomerModel> = session.customers.iter().map(model).collect();
    if customers.is_empty() {
        // A report without the list still names the customer.
        customers.extend(participants.primary_customer.map(|_| customer_model(&Customer::default(), true, participants)));
    }
    customers.sort_by_key(|customer| !customer.primary);
    if audience == Audience::Internal {
        customers.retain(|customer| !customer.text.is_empty() || customer.issue.is_some() || customer.private_address.is_some());
    } else {
        customers.retain(|customer| !customer.text.is_empty() || customer.issue.is_some());
    }
    customers
}

fn customer_model(customer: &Customer, primary: bool, participants: &Participants<'_>) -> CustomerModel {
    let internal =
        |text: &Option<String>| one_line_or_none(text.as_deref()).filter(|_| participants.audience == Audience::Internal);
    let name = customer_name(customer).or_else(|| one_line_or_none(participants.primary_customer.filter(|_| primary)));
    let company = one_line_or_none(customer.info.company.as_deref());
    let computer = one_line_or_none(customer.hostname.as_deref());
    let operating_system = internal(&customer.operating_system);
    let join =
        |one: &Option<String>, other: &Option<String>| [one, other].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    let halves = [join(&name, &company), join(&computer, &operating_system)];
    CustomerModel {
        text: halves.into_iter().filter(|half| !half.is_empty()).collect::<Vec<_>>().join("; "),
        name,
        company,
        company_code: internal(&customer.info.company_code),
        computer,
        operating_system,
        private_address: internal(&customer.private_ip),
        public_address: internal(&customer.public_ip),
        issue: issue(customer),
        primary,
    }
}

/// `Printer: Label printer offline`.
fn issue(customer: &Customer) -> Option<String> {
    let issue = one_line_or_none(customer.info.issue.as_deref());
    let details = customer.info.details.as_deref().map(|details| paragraph(details.trim_start(), HEADING_INDENT));
    match (issue, details.filter(|details| !details.is_empty())) {
        (Some(issue), Some(details)) => Some(format!("{issue}: {details}")),
        (issue, details) => issue.or(details),
    }
}

/// `LAB2-PC07 (jump group Branch offices), unattended; Windows 11`. Jump groups are our own business: a personal one
/// bears a colleague's name.
fn endpoint(customers: &[CustomerModel], session: &SupportSession, audience: Audience) -> String {
    let computer = customers.iter().find_map(|customer| customer.computer.clone());
    let system = customers.iter().find_map(|customer| customer.operating_system.clone());
    let group = one_line_or_none(session.jump_group.as_deref()).map(|group| format!("jump group {group}"));
    let jumpoint = one_line_or_none(session.jumpoint.as_deref()).map(|jumpoint| format!("Jumpoint {jumpoint}"));
    let way = [group, jumpoint].into_iter().flatten().filter(|_| audience == Audience::Internal).collect::<Vec<_>>().join(", ");
    let place = match (computer, way.is_empty()) {
        (Some(computer), true) => format!("{computer}, unattended"),
        (Some(computer), false) => format!("{computer} ({way}), unattended"),
        (None, true) => "unattended".to_owned(),
        (None, false) => format!("{way}, unattended"),
    };
    system.map_or(place.clone(), |system| format!("{place}; {system}"))
}

/// `10.20.30.40, public 198.51.100.7:56722`, each behind its computer's name if there are several.
fn addresses(customers: &[CustomerModel]) -> Option<String> {
    let several = customers.len() > 1;
    let of = |customer: &CustomerModel| {
        let public = customer.public_address.as_ref().map(|address| format!("public {address}"));
        let both: Vec<String> = [customer.private_address.clone(), public].into_iter().flatten().collect();
        let computer = customer.computer.as_ref().filter(|_| several).map(|computer| format!("{computer} ")).unwrap_or_default();
        (!both.is_empty()).then(|| format!("{computer}{}", both.join(", ")))
    };
    let addresses: Vec<String> = customers.iter().filter_map(of).collect();
    (!addresses.is_empty()).then(|| addresses.join(" | "))
}

fn attributes(session: &SupportSession, audience: Audience) -> Vec<AttributeModel> {
    let attributes = session.custom_attributes.iter().filter(|_| audience == Audience::Internal);
    let model = attributes.map(|attribute| AttributeModel {
        name: one_line_or_none(Some(&attribute.display_name)).unwrap_or_else(|| one_line(&attribute.code_name)),
        code_name: one_line(&attribute.code_name),
        value: one_line(&attribute.value),
    });
    model.filter(|attribute| !attribute.value.is_empty()).collect()
}

fn technicians(participants: &Participants<'_>, clock: &Clock<'_>, started_at: Option<Timestamp>) -> Vec<TechnicianModel> {
    let several = participants.people.len() > 1;
    let internal = participants.audience == Audience::Internal;
    let model = |person: &Person<'_>| {
        let name = participants.person_name(person);
        let presence = presence(person, clock, started_at);
        let roles = [("primary", person.primary && several), ("invited", person.invited)];
        let roles: Vec<&str> = roles.into_iter().filter(|(_, applies)| *applies && internal).map(|(role, _)| role).collect();
        let roles = if roles.is_empty() { String::new() } else { format!(" ({})", roles.join(", ")) };
        let time = presence.as_ref().map(|presence| format!(" {presence}")).unwrap_or_default();
        TechnicianModel {
            text: format!("{name}{roles}{time}"),
            name,
            username: person.username.filter(|_| internal).map(one_line),
            primary: person.primary,
            invited: person.invited && internal,
            presence,
        }
    };
    participants.people.iter().map(model).collect()
}

fn technicians_text(technicians: &[TechnicianModel]) -> String {
    let texts: Vec<&str> = technicians.iter().map(|technician| technician.text.as_str()).collect();
    let line = texts.join("; ");
    if line.chars().count() <= TECHNICIANS_LINE_MAX {
        return line;
    }
    texts.join(&format!("\n{}", " ".repeat(HEADING_INDENT)))
}

/// `14:03-14:10, 14:15-14:27, 19 min`.
pub(crate) fn presence(person: &Person<'_>, clock: &Clock<'_>, started_at: Option<Timestamp>) -> Option<String> {
    let times = person.connections.iter().take(LISTED_MAX);
    let mut parts: Vec<String> = times.map(|connection| connection_text(connection, clock, started_at)).collect();
    if person.connections.len() > LISTED_MAX {
        parts.push(format!("{} more times", person.connections.len() - LISTED_MAX));
    }
    parts.extend(person.seconds().map(duration));
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `14:03-14:27`, with the date where it is not the day of the session's start.
pub(crate) fn connection_text(connection: &Connection, clock: &Clock<'_>, started_at: Option<Timestamp>) -> String {
    let joined = clock.minute_near(connection.joined, started_at);
    let Some(left) = connection.left else { return format!("from {joined}") };
    let hyphen = if clock.same_day(connection.joined, left) { "-" } else { " - " };
    format!("{joined}{hyphen}{}", clock.minute_near(left, Some(connection.joined)))
}

/// `Tobi Okafor 14:17-14:20, 3 min; ...`: everybody but the one with that key.
pub(crate) fn others(people: &[&Person<'_>], clock: &Clock<'_>, started_at: Option<Timestamp>) -> Option<String> {
    let text = |person: &&Person<'_>| {
        let name = person.colleague_name.or(person.public_name).map_or_else(|| "Technician".to_owned(), one_line);
        match presence(person, clock, started_at) {
            Some(presence) => format!("{name} {presence}"),
            None => name,
        }
    };
    let mut texts: Vec<String> = people.iter().take(LISTED_MAX).map(text).collect();
    if people.len() > LISTED_MAX {
        texts.push(format!("{} more", people.len() - LISTED_MAX));
    }
    (!texts.is_empty()).then(|| texts.join("; "))
}
