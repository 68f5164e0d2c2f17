//! `session-bridge unmatched suggest`: open tickets that fit what a session tells. Only a person assigns one.

use serde_json::{Value, json};
use ticketing::suggestion::{Reason, ReasonKind, Suggestion, Suggestions, Traces};

use super::Common;
use super::connected::Connected;
use super::desk::{Desk, now};
use super::sessions::minute;
use crate::desk::suggest::traces;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

pub(super) async fn suggest(common: &Common, name: &str) -> Result<Outcome, Failure> {
    let desk = Desk::open(common).await?;
    let session = desk.one(common, name).await?;
    let connected = Connected::to(&desk.stack, &session.appliance).await?;
    let lsid = &session.listed.lsid;
    let traces = traces(&connected.report(lsid).await?);
    let found = connected.link.ticketing.suggest(&traces, now(), Connected::deadline()).await;
    let found = found.map_err(|failure| connected.ticketing_says("of tickets", &failure))?;
    match common.format() {
        Format::Json => output::json(&document(lsid.as_str(), &traces, &found)),
        Format::Text => print!("{}", described(lsid.as_str(), &traces, &found)),
    }
    Ok(if found.tickets.is_empty() { Outcome::NeedsPerson } else { Outcome::Done })
}

const fn word(kind: ReasonKind) -> &'static str {
    match kind {
        ReasonKind::Device => "device",
        ReasonKind::Contact => "contact",
        ReasonKind::Company => "company",
    }
}

fn document(lsid: &str, traces: &Traces, found: &Suggestions) -> Value {
    let reason = |reason: &Reason| json!({ "kind": word(reason.kind), "name": reason.name });
    let ticket = |ticket: &Suggestion| {
        json!({
            "ticket": ticket.number.as_str(),
            "title": ticket.title,
            "status": ticket.status,
            "last_activity_at": ticket.last_activity,
            "reasons": ticket.reasons.iter().map(reason).collect::<Vec<_>>(),
        })
    };
    let unsearched = found.unsearched.iter().map(|(kind, why)| json!({ "kind": word(*kind), "sentence": why.to_string() }));
    json!({
        "lsid": lsid,
        "known": {
            "people": traces.people,
            "companies": traces.companies,
            "company_codes": traces.company_codes,
            "computers": traces.computers,
        },
        "suggestions": found.tickets.iter().map(ticket).collect::<Vec<_>>(),
        "more": found.more,
        "unsearched": unsearched.collect::<Vec<_>>(),
    })
}

fn described(lsid: &str, traces: &Traces, found: &Suggestions) -> String {
    let mut lines = vec![format!("Session {lsid} tells of")];
    let known = [
        ("people", &traces.people),
        ("company", &traces.companies),
        ("company code", &traces.company_codes),
        ("computer", &traces.computers),
    ];
    if traces.is_empty() {
        lines.push("  nobody and nothing".to_owned());
    }
    lines.extend(
        known
            .iter()
            .filter(|(_, texts)| !texts.is_empty())
            .map(|(name, texts)| format!("  {name:<14}{}", output::line(&texts.join(", ")))),
    );
    for (kind, why) in &found.unsearched {
        lines.push(format!("\nNot looked for by {}: {why}", word(*kind)));
    }
    lines.push(String::new());
    if found.tickets.is_empty() {
        lines.push("No open ticket fits.".to_owned());
    } else {
        let heads = ["TICKET", "STATUS", "LAST ACTIVITY (UTC)", "BECAUSE OF", "TITLE"];
        lines.push(output::table(heads, found.tickets.iter().map(cells)));
        if found.more > 0 {
            lines.push(format!("and {} more", found.more));
        }
    }
    lines.push(format!("\nNone is taken by itself. To take one: session-bridge unmatched assign {lsid} <ticket>\n"));
    lines.join("\n")
}

fn cells(ticket: &Suggestion) -> [String; 5] {
    let reasons: Vec<String> = ticket.reasons.iter().map(|reason| format!("{} {}", word(reason.kind), reason.name)).collect();
    [
        ticket.number.to_string(),
        output::line(&ticket.status),
        ticket.last_activity.map_or_else(|| "-".to_owned(), minute),
        output::line(&reasons.join("; ")),
        output::line(&ticket.title),
    ]
}
