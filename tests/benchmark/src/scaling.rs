//! How costs grow: of a session with the length of its chat and with the backlog before it, of an event with the number of
//! connections. Plots for `docs/`, and a table of their ends.
//!
//! What needs no neighbour is measured here, in this process; what does comes from the other modules as [`Measured`].

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use receiver_function::access::{Access, TokenHash};
use receiver_function::body::Body;
use receiver_function::decide::{Call, PATH, decide};
use session::settings::NoteSettings;
use session::support_session::Ended;
use session::{ApplianceId, Lsid, SupportSession};
use texts::{NOTE_CHARACTERS_MAX, Templates, View};

use crate::plot::{Axis, Plot, Series};
use crate::report::cpu_nanoseconds;
use crate::sample_report;

/// Chat messages of the sessions that are measured; with the noise around them, 14 KB to 9 MB of report.
pub(crate) const CHAT_MESSAGES: [usize; 7] = [10, 30, 100, 300, 1_000, 3_000, 10_000];
/// A stack's variables hold some 50 appliances; the rest shows the slope.
const APPLIANCES: [usize; 6] = [1, 5, 10, 50, 100, 500];
/// Turns; the least of them counts, which is what it costs when nothing disturbs.
const TURNS: usize = 7;
/// What is too short to be timed is repeated until a turn has taken so long.
const TURN_NANOSECONDS_MIN: u64 = 5_000_000;

/// What was measured with neighbours. Milliseconds of CPU, unless a series' name says otherwise; an empty list leaves its part out.
#[derive(Default)]
pub(crate) struct Measured {
    /// Over the number of chat messages ([`CHAT_MESSAGES`]): the whole session in the worker.
    pub(crate) chat: Vec<Series>,
    /// Over the number of events that wait in the queue: each session.
    pub(crate) backlog: Vec<Series>,
    /// Over the number of connections that the worker serves in turn: each session.
    pub(crate) connections: Vec<Series>,
}

/// Measures what can be measured here, draws all plots to `docs/scaling-*.svg`, and returns their table in Markdown.
///
/// # Errors
///
/// If a plot cannot be written, or a sample cannot be read.
pub(crate) fn draw(docs: &Path, measured: Measured) -> Result<String, Box<dyn Error>> {
    let mut chat = in_memory()?;
    chat.extend(measured.chat);
    let mut connections = vec![of_receiver()?];
    connections.extend(measured.connections);
    let logarithmic = |label| Axis { label, logarithmic: true };
    let plots = [
        ("scaling-chat", "Cost of a session by the length of its chat", logarithmic("chat messages"), chat),
        ("scaling-backlog", "Cost of a session by the backlog", logarithmic("events waiting in the queue"), measured.backlog),
        ("scaling-connections", "Cost by the number of connections", logarithmic("connections"), connections),
    ];
    let mut table = String::from("| plot | line | from | to | grows |\n|---|---|---:|---:|---:|\n");
    for (name, title, x, series) in plots {
        if series.is_empty() {
            continue;
        }
        for Series { name: line, points } in &series {
            let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
            let grows = format!("{:.1}x while {} grows {:.0}x", last.1 / first.1, x.label, last.0 / first.0);
            writeln!(table, "| [{name}]({name}.svg) | {line} | {:.3} ms | {:.3} ms | {grows} |", first.1, last.1)?;
        }
        let plot = Plot { title: title.to_owned(), x, y: logarithmic("milliseconds of CPU"), series };
        fs::write(docs.join(format!("{name}.svg")), plot.svg())?;
    }
    Ok(table)
}

/// Reading a report and rendering its note, by the length of the chat.
fn in_memory() -> Result<Vec<Series>, Box<dyn Error>> {
    let lsid: Lsid = sample_report::LSID.parse()?;
    let (templates, zone) = (Templates::default(), TimeZone::get("Europe/Berlin")?);
    let (mut reading, mut rendering) = (Vec::new(), Vec::new());
    for messages in CHAT_MESSAGES {
        let report = sample_report::with_chat_messages(messages)?;
        let session = appliance::read_report(report.as_slice(), &lsid)?;
        reading.push((messages as f64, cpu_milliseconds(|| drop(black_box(appliance::read_report(report.as_slice(), &lsid))))?));
        rendering.push((messages as f64, cpu_milliseconds(|| render(&templates, &zone, &session))?));
    }
    let series = |name: &str, points| Series { name: name.to_owned(), points };
    Ok(vec![series("report to session", reading), series("session to note", rendering)])
}

fn render(templates: &Templates, zone: &TimeZone, session: &SupportSession) {
    let ended = session.ended_at.map_or(Ended::Unknown, Ended::Reported);
    let view = View { session, time_zone: zone, ended };
    black_box(templates.session_note(&view, &NoteSettings::default(), NOTE_CHARACTERS_MAX).value.note);
}

/// What the receiver decides about one event, by the number of appliances that it knows.
fn of_receiver() -> Result<Series, Box<dyn Error>> {
    let form = format!("event=support_conference_end&version=1&timestamp=1742324531&lsid={}", sample_report::LSID);
    let now = Timestamp::UNIX_EPOCH;
    let mut points = Vec::new();
    for count in APPLIANCES {
        let mut access = Access::default();
        for number in 0..count {
            let id: ApplianceId = format!("appliance_{number}").parse()?;
            access.tokens.push((id.clone(), TokenHash::of(format!("token-{number}").as_bytes())));
            access.appliances.insert(id);
        }
        let last = count - 1;
        let query = format!("appliance=appliance_{last}&outbound_event_token=token-{last}");
        let body = Body::Plain(form.as_bytes());
        let call = Call { method: "POST", path: PATH, query: &query, source: None, content_type: None, body };
        points.push((count as f64, cpu_milliseconds(|| drop(black_box(decide(&call, &access, now))))?));
    }
    Ok(Series { name: "receiver, what to do about an event".to_owned(), points })
}

/// What one go costs.
fn cpu_milliseconds(mut work: impl FnMut()) -> Result<f64, Box<dyn Error>> {
    let mut least = f64::INFINITY;
    for _ in 0..TURNS {
        let (started, mut goes) = (cpu_nanoseconds()?, 0_u64);
        let mut taken = 0;
        while taken < TURN_NANOSECONDS_MIN {
            // In batches, since looking at the clock takes longer than the shortest go.
            let batch = goes.max(1);
            (0..batch).for_each(|_| work());
            goes += batch;
            taken = cpu_nanoseconds()?.saturating_sub(started);
        }
        least = least.min(taken as f64 / goes as f64 / 1e6);
    }
    Ok(least)
}
