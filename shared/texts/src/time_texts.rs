//! The two texts of a time entry: the invoice line, and what colleagues should know about it.
//!
//! Neither is ever given chat, session notes or links: a template cannot put onto an invoice what it does not have.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{HeadingModel, connection_text, others};
use crate::participants::{Audience, Participants};
use crate::templates::{TemplateName, Templates};
use crate::text::{beginning, length, one_line, one_line_or_none};
use crate::{NOTE_CHARACTERS_MAX, Rendered, View};
use session::billing::billed_seconds;
use session::content::RoleReason;
use session::ids::{ResourceId, RoleId};
use session::local_time::{Clock, duration};
use session::presence::{Connection, Person};
use session::settings::TimeEntrySettings;
use session::time_entry::Attendance;
use session::write_id::{Marker, WriteId};

/// The invoice line where none is configured; some tenants require one.
const SUMMARY: &str = "Remote support session";

/// The most connections that are listed one by one.
const CONNECTIONS_MAX: usize = 12;

/// What is known of a time entry besides whose and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeContext {
    /// In whose name it is written.
    pub resource: ResourceId,
    /// In which role.
    pub role: RoleId,
    /// Why in that one.
    pub reason: RoleReason,
}

/// The texts of a time entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeTexts {
    /// The invoice line; never blank.
    pub summary_notes: String,
    /// For colleagues; the first line is the marker, alone.
    pub internal_notes: String,
}

/// What both templates of a time entry are given.
#[derive(Debug, Serialize)]
pub(crate) struct TimeModel {
    #[serde(flatten)]
    heading: HeadingModel,
    summary: String,
    resource: i64,
    role: i64,
    role_reason: &'static str,
    technician: String,
    username: String,
    primary: bool,
    entry_period: String,
    entry_duration: String,
    billed: Option<String>,
    present: Option<String>,
    others: Option<String>,
    customer: Option<String>,
    company: Option<String>,
}

impl Templates {
    /// The texts of the time entry of that attendance. The first line of the internal notes is the marker `time.<resource>`, and
    /// nothing else; neither text holds another marker.
    #[must_use]
    pub fn time_entry(
        &self,
        view: &View<'_>,
        attendance: &Attendance,
        settings: &TimeEntrySettings,
        context: TimeContext,
    ) -> Rendered<TimeTexts> {
        let marker = Marker::new(&view.session.lsid, &WriteId::Time(context.resource));
        let model = time_model(view, attendance, settings, context);
        let mut problems = Vec::new();
        let summary = self.render(TemplateName::TimeEntrySummary, &model, &mut problems);
        let internal = self.render(TemplateName::TimeEntryInternal, &model, &mut problems);
        let texts = TimeTexts {
            summary_notes: within_a_field(&summary).to_owned(),
            internal_notes: within_a_field(&format!("{marker}\n{internal}")).to_owned(),
        };
        Rendered { value: texts, problems }
    }
}

/// Both fields take as much as a note does (vendor reference).
fn within_a_field(text: &str) -> &str {
    if length(text) <= NOTE_CHARACTERS_MAX { text } else { beginning(text, NOTE_CHARACTERS_MAX).trim_end() }
}

pub(crate) fn time_model(
    view: &View<'_>,
    attendance: &Attendance,
    settings: &TimeEntrySettings,
    context: TimeContext,
) -> TimeModel {
    let clock = Clock::new(view.time_zone);
    let started_at = view.session.started_at;
    let participants = Participants::new(view, Audience::Internal);
    let (theirs, others_there): (Vec<&Person<'_>>, Vec<&Person<'_>>) =
        participants.people.iter().partition(|person| person.key == attendance.representative);
    let name = theirs.first().and_then(|person| person.colleague_name.or(person.public_name));
    let customer = view.session.customers.iter().find(|customer| customer.primary).or(view.session.customers.first());
    let entry_duration = duration(attendance.end.as_second() - attendance.start.as_second());
    let billed = billed_seconds(attendance.start, attendance.end, settings);
    let is_other = settings.rounding.is_some() || settings.minimum_billed_minutes > 0;
    let billed = is_other.then(|| duration(billed));
    TimeModel {
        heading: HeadingModel::new(view),
        summary: configured_summary(settings),
        resource: context.resource.0,
        role: context.role.0,
        role_reason: role_reason(context.reason),
        technician: one_line(name.unwrap_or(&attendance.username)),
        username: one_line(&attendance.username),
        primary: attendance.primary,
        entry_period: clock.span(attendance.start, attendance.end),
        entry_duration,
        billed,
        present: present(&attendance.connections, &clock, started_at),
        others: others(&others_there, &clock, started_at),
        customer: participants.primary_customer_name(),
        company: customer.and_then(|customer| one_line_or_none(customer.info.company.as_deref())),
    }
}

fn configured_summary(settings: &TimeEntrySettings) -> String {
    let configured = settings.summary.as_deref().map(str::trim).filter(|summary| !summary.is_empty());
    configured.unwrap_or(SUMMARY).to_owned()
}

const fn role_reason(reason: RoleReason) -> &'static str {
    match reason {
        RoleReason::Configured => "set in the connection",
        RoleReason::TicketAssignment => "the role of the ticket's assignment",
        RoleReason::ResourceDefault => "the resource's default role",
    }
}

/// `14:03-14:10, 14:15-14:27, 19 min`.
fn present(connections: &[(Timestamp, Timestamp)], clock: &Clock<'_>, started_at: Option<Timestamp>) -> Option<String> {
    let text = |(joined, left): &(Timestamp, Timestamp)| {
        connection_text(&Connection { joined: *joined, left: Some(*left) }, clock, started_at)
    };
    let mut parts: Vec<String> = connections.iter().take(CONNECTIONS_MAX).map(text).collect();
    if connections.len() > CONNECTIONS_MAX {
        parts.push(format!("{} more times", connections.len() - CONNECTIONS_MAX));
    }
    let seconds = connections.iter().map(|(joined, left)| left.as_second() - joined.as_second()).sum();
    (!parts.is_empty()).then(|| format!("{}, {}", parts.join(", "), duration(seconds)))
}
