//! `session-bridge shadow diff`: what would have been written, held against what others have written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use link::from_document::key_rules;
use serde::Serialize;
use session::{ApplianceId, Lsid};

use super::Common;
use super::connected::Connected;
use super::desk::{Desk, unread};
use crate::desk::shadow_diff::{Comparison, KeptWrite, Line, OneSided, Pair, Side, compare, kept_writes, span};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

/// So many equal lines around a difference are shown.
const CONTEXT_LINES: usize = 1;

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    appliance: &'a ApplianceId,
    lsid: &'a Lsid,
    from: jiff::Timestamp,
    to: jiff::Timestamp,
    agrees: bool,
    tickets: Vec<OfTicket>,
}

#[derive(Serialize)]
struct OfTicket {
    ticket: String,
    #[serde(flatten)]
    comparison: Comparison,
}

/// Compares what is kept of that session.
pub(super) async fn diff(
    common: &Common,
    desk: &Desk,
    appliance: &ApplianceId,
    lsid: &Lsid,
    kept: &serde_json::Value,
) -> Result<Outcome, Failure> {
    let listed = desk.ledger.session(appliance, lsid).await.map_err(|error| unread(&error))?;
    let ended_at = listed.and_then(|listed| listed.ended_at).ok_or_else(|| {
        Failure::refused(
            format!("nobody knows when session {lsid} ended"),
            "see what was kept: session-bridge shadow show, and look at the ticket",
        )
    })?;
    let connected = Connected::to(&desk.stack, appliance).await?;
    let mut by_ticket: BTreeMap<String, Vec<KeptWrite>> = BTreeMap::new();
    for write in kept_writes(kept) {
        by_ticket.entry(write.ticket.clone()).or_default().push(write);
    }
    let (from, to) = span(ended_at);
    let mut tickets = Vec::new();
    for (ticket, writes) in by_ticket {
        let activity = activity(&connected, &ticket, (from, to)).await?;
        tickets.push(OfTicket { comparison: compare(lsid, &writes, &activity), ticket });
    }
    let agrees = tickets.iter().all(|of| of.comparison.agrees());
    let told = Told { appliance, lsid, from, to, agrees, tickets };
    match common.format() {
        Format::Json => output::json(&told),
        Format::Text => print!("{}", described(&told)),
    }
    Ok(if agrees { Outcome::Done } else { Outcome::NeedsPerson })
}

async fn activity(
    connected: &Connected,
    number: &str,
    span: (jiff::Timestamp, jiff::Timestamp),
) -> Result<ticketing::activity::Activity, Failure> {
    let gone = || {
        let hint = "see whether it was deleted, or whether the API user may see it";
        Failure::refused(format!("there is no ticket {number} in Autotask"), hint)
    };
    let reference = key_rules(None).ticket(Some(number)).map_err(|_| gone())?;
    let ticketing = &connected.link.ticketing;
    let ticket = ticketing.ticket(&reference, Connected::deadline()).await;
    let ticket = ticket.map_err(|failure| connected.ticketing_says("of the ticket", &failure))?.ok_or_else(gone)?;
    let activity = ticketing.activity(ticket.id, span, Connected::deadline()).await;
    activity.map_err(|failure| connected.ticketing_says("what is on the ticket", &failure))
}

fn described(told: &Told<'_>) -> String {
    let mut text = format!("Session {}, against what is on its ticket from {} to {}\n", told.lsid, told.from, told.to);
    for of in &told.tickets {
        let _ = writeln!(text, "\nTicket {}", output::line(&of.ticket));
        let Comparison { pairs, only_ours, only_theirs } = &of.comparison;
        pairs.iter().for_each(|pair| text.push_str(&pair_text(pair)));
        for (heading, writes) in [("Only here: nobody has written", only_ours), ("Also there at that time", only_theirs)] {
            if !writes.is_empty() {
                let _ = writeln!(text, "\n{heading}");
                writes.iter().for_each(|write| _ = writeln!(text, "  {}", one_sided(write)));
            }
        }
    }
    let verdict = if told.agrees { "Both have the same writes." } else { "Look at what differs before the mode is changed." };
    let _ = writeln!(text, "\n{verdict}");
    text
}

fn one_sided(write: &OneSided) -> String {
    format!("{} {}: {}", write.kind, write.id, output::line(&write.heading))
}

fn pair_text(pair: &Pair) -> String {
    let OneSided { kind, id, heading } = &pair.theirs;
    let mut text = format!("\n{} here, {kind} {id} there: {}\n", pair.write, output::line(heading));
    for field in &pair.fields {
        let same = field.ours == field.theirs;
        let values =
            if same { format!("{} on both sides", field.ours) } else { format!("{} here, {} there", field.ours, field.theirs) };
        let _ = writeln!(text, "  {:<10}{values}", field.name);
    }
    text + &lines_text(&pair.lines)
}

/// `+` is only here, `-` only there; equal lines far from a difference are counted.
fn lines_text(lines: &[Line]) -> String {
    let differs = |index: usize| lines.get(index).is_some_and(|line| line.side != Side::Both);
    let is_near = |index: usize| (index.saturating_sub(CONTEXT_LINES)..=index + CONTEXT_LINES).any(differs);
    let (mut text, mut equal) = (String::new(), 0);
    let count = |text: &mut String, equal: &mut usize| {
        if *equal > 0 {
            let _ = writeln!(text, "    ({equal} equal lines)");
            *equal = 0;
        }
    };
    for (index, line) in lines.iter().enumerate() {
        if !is_near(index) {
            equal += 1;
            continue;
        }
        count(&mut text, &mut equal);
        let sign = match line.side {
            Side::Both => ' ',
            Side::Ours => '+',
            Side::Theirs => '-',
        };
        let _ = writeln!(text, "  {sign} {}", output::line(&line.text));
    }
    count(&mut text, &mut equal);
    text
}
