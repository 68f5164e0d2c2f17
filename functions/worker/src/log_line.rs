//! The lines that are not about the outcome of an event: what people are told, what is known of a tenant's budget, defects.
//!
//! Appliance, lsid and counts only, never a text of the session or a name.

use delivery::NoticeSubject;
use jiff::Timestamp;
use session::{ApplianceId, Lsid};
use telemetry::{Level, Line, Metric};

/// Where the worker's metrics are found in CloudWatch.
pub const NAMESPACE: &str = "SessionBridge/Worker";

/// The count of notices by subject: alarms rest on it.
#[must_use]
pub fn notice_line(appliance: &ApplianceId, subject: NoticeSubject) -> Line {
    let line = Line::new(Level::ERROR, "notice").cause(subject.name()).metric(Metric::Notices, 1);
    line.field("appliance", appliance.as_str())
}

/// The work on a message panicked, which is a defect. The message's group names appliance and session.
#[must_use]
pub fn panicked_line(group: Option<&str>) -> Line {
    let line = Line::new(Level::ERROR, "panicked").metric(Metric::Events, 1).field("group", group);
    line.field("reason", "a defect of the worker: the message comes again, and is dead-lettered after 20 claims")
}

/// The count of notices that the alarm topic did not take; the log's line of the notice itself says what it was.
#[must_use]
pub fn notification_failed_line(appliance: &ApplianceId, error: &str) -> Line {
    let line = Line::new(Level::WARN, "notification_failed").metric(Metric::NotificationsFailed, 1);
    line.field("appliance", appliance.as_str()).field("error", error)
}

/// How much of the hourly budget of a connection's tenant is used, and until when it is left alone because of that.
#[must_use]
pub fn budget_line(appliance: &ApplianceId, used_percent: u64, left_alone_until: Option<Timestamp>) -> Line {
    let level = if left_alone_until.is_some() { Level::WARN } else { Level::INFO };
    let line = Line::new(level, "budget").metric(Metric::BudgetUsed, i64::try_from(used_percent).unwrap_or(i64::MAX));
    line.field("appliance", appliance.as_str()).field("until", left_alone_until.map(|until| until.to_string()))
}

/// A report had bytes that are not UTF-8; that many characters of it are replaced.
#[must_use]
pub fn replaced_line(appliance: &ApplianceId, lsid: &Lsid, characters: u32) -> Line {
    let line = Line::new(Level::WARN, "report_repaired").metric(Metric::ReplacedCharacters, i64::from(characters));
    line.field("appliance", appliance.as_str()).field("lsid", lsid.as_str())
}
