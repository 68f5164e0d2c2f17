//! Which sessions are meant: by a filter, page by page and with bounded memory, or by what a person calls one.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use delivery::Record;
use jiff::Timestamp;
use ledger::{Continuation, EndSpan, Ledger, LedgerError, Listed};
use session::{ApplianceId, Lsid};

use super::{Session, State, sentence};

/// Which sessions are meant. What is empty excludes nothing; all that is said must be so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) states: BTreeSet<State>,
    pub(crate) span: EndSpan,
    /// Number or id, or an external key.
    pub(crate) ticket: Option<String>,
    pub(crate) sequence: Option<u64>,
    /// Part of the user name.
    pub(crate) technician: Option<String>,
    /// Part of a sentence.
    pub(crate) sentence: Option<String>,
}

impl Filter {
    /// Whether it excludes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { states, span, ticket, sequence, technician, sentence } = self;
        let texts = [ticket, technician, sentence].into_iter().all(Option::is_none);
        states.is_empty() && *span == EndSpan::default() && sequence.is_none() && texts
    }

    /// Whether all that it means are in the index of what needs a person, which is short.
    fn only_needs_person(&self) -> bool {
        !self.states.is_empty() && self.states.iter().all(|state| state.needs_person())
    }

    fn means(&self, session: &Session) -> bool {
        let empty = Record::default();
        let record = session.record().unwrap_or(&empty);
        let facts = record.facts.clone().unwrap_or_default();
        let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        let in_span = session.listed.ended_at.map_or_else(
            || self.span == EndSpan::default(),
            |end| self.span.since.is_none_or(|since| since <= end) && self.span.until.is_none_or(|until| end <= until),
        );
        in_span
            && (self.states.is_empty() || self.states.contains(&session.state()))
            && self.sequence.is_none_or(|sequence| facts.sequence == Some(sequence))
            && self.ticket.as_ref().is_none_or(|ticket| is_of_ticket(record, ticket))
            && self.technician.as_ref().is_none_or(|part| facts.technician.is_some_and(|name| holds(&name, part)))
            && self.sentence.as_ref().is_none_or(|part| sentences(record).iter().any(|sentence| holds(sentence, part)))
    }
}

/// Whether that is the ticket of the session: by number or id, or by the key that it ended with.
fn is_of_ticket(record: &Record, ticket: &str) -> bool {
    let target = record.target.as_ref();
    let ids = target.map(|target| target.ticket).into_iter().chain(record.assigned).map(|id| id.to_string());
    let names = target.map(|target| target.number.to_string()).into_iter().chain(ids);
    let key = record.facts.as_ref().and_then(|facts| facts.external_key.clone());
    names.chain(key).any(|name| name.eq_ignore_ascii_case(ticket))
}

fn sentences(record: &Record) -> Vec<String> {
    let given_up = record.dead_lettered.as_ref().map(ToString::to_string);
    let unmatched = record.unmatched.map(|unmatched| unmatched.to_string());
    record.writes.values().filter_map(sentence).chain(given_up).chain(unmatched).collect()
}

/// Where a list goes on: after the session that ended then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct After {
    ended_at: Timestamp,
    lsid: String,
}

impl std::fmt::Display for After {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.ended_at, self.lsid)
    }
}

impl std::str::FromStr for After {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (ended_at, lsid) = text.split_once('/').ok_or("it has no /")?;
        let ended_at = ended_at.parse().map_err(|_| "it does not begin with a moment")?;
        Ok(Self { ended_at, lsid: lsid.to_owned() })
    }
}

/// Sessions that were found, and where the list goes on.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) sessions: Vec<Session>,
    pub(crate) next: Option<After>,
}

/// The sessions of those appliances that the filter means: what has no end first, then the newest; `limit` at most. Tells `looked` how
/// many were looked at so far.
///
/// # Errors
///
/// As the ledger's.
pub(crate) async fn find(
    ledger: &Ledger,
    appliances: &[ApplianceId],
    filter: &Filter,
    (after, limit): (Option<&After>, usize),
    mut looked: impl FnMut(usize),
) -> Result<Found, LedgerError> {
    let mut search = Search { filter, after, limit, appliances: appliances.len(), looked: 0, found: Vec::new() };
    for appliance in appliances {
        attention(ledger, appliance, &mut search, &mut looked).await?;
    }
    search.trim();
    if !filter.only_needs_person() {
        by_end(ledger, appliances, &mut search, &mut looked).await?;
    }
    Ok(search.end())
}

struct Search<'a> {
    filter: &'a Filter,
    after: Option<&'a After>,
    limit: usize,
    appliances: usize,
    looked: usize,
    found: Vec<Session>,
}

impl Search<'_> {
    fn take(&mut self, session: Session) {
        self.looked += 1;
        let is_after = self.after.is_none_or(|after| {
            let place = (Reverse(after.ended_at), after.lsid.as_str());
            let (end, lsid) = session.place();
            (end, lsid.as_str()) > place
        });
        if is_after && self.filter.means(&session) {
            self.found.push(session);
        }
    }

    /// One more than the limit stays: it says that there is more.
    fn trim(&mut self) {
        self.found.sort_by(|one, other| one.place().cmp(&other.place()));
        self.found.truncate(self.limit.saturating_add(1));
    }

    /// A sequence number names one session of each appliance.
    const fn is_full(&self) -> bool {
        self.found.len() > self.limit || (self.filter.sequence.is_some() && self.found.len() >= self.appliances)
    }

    fn end(mut self) -> Found {
        self.trim();
        let more = self.found.len() > self.limit;
        self.found.truncate(self.limit);
        let next = self
            .found
            .last()
            .filter(|_| more)
            .map(|last| After { ended_at: last.listed.ended_at.unwrap_or(Timestamp::MAX), lsid: last.listed.lsid.to_string() });
        Found { sessions: self.found, next }
    }
}

/// Of what needs a person only that without an end, unless nothing else is meant: the rest is found by its end.
async fn attention(
    ledger: &Ledger,
    appliance: &ApplianceId,
    search: &mut Search<'_>,
    looked: &mut impl FnMut(usize),
) -> Result<(), LedgerError> {
    let all = search.filter.only_needs_person();
    let mut from = None;
    loop {
        let page = ledger.needing_attention(appliance, from).await?;
        for listed in page.rows.into_iter().filter(|listed| all || listed.ended_at.is_none()) {
            search.take(Session { appliance: appliance.clone(), listed });
        }
        // Memory holds no more than twice what is wanted.
        if search.found.len() > search.limit.saturating_mul(2) {
            search.trim();
        }
        looked(search.looked);
        from = page.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

/// The ended sessions of one appliance, read page by page.
struct Cursor<'a> {
    appliance: &'a ApplianceId,
    rows: VecDeque<Listed>,
    from: Option<Continuation>,
    over: bool,
}

impl Cursor<'_> {
    async fn fill(&mut self, ledger: &Ledger, span: EndSpan) -> Result<(), LedgerError> {
        while self.rows.is_empty() && !self.over {
            let page = ledger.ended(self.appliance, span, self.from.take()).await?;
            self.rows = page.rows.into();
            self.over = page.next.is_none();
            self.from = page.next;
        }
        Ok(())
    }
}

async fn by_end(
    ledger: &Ledger,
    appliances: &[ApplianceId],
    search: &mut Search<'_>,
    looked: &mut impl FnMut(usize),
) -> Result<(), LedgerError> {
    let mut span = search.filter.span;
    if let Some(after) = search.after {
        span.until = Some(span.until.map_or(after.ended_at, |until| until.min(after.ended_at)));
    }
    let new = |appliance| Cursor { appliance, rows: VecDeque::new(), from: None, over: false };
    let mut cursors: Vec<Cursor<'_>> = appliances.iter().map(new).collect();
    while !search.is_full() {
        for cursor in &mut cursors {
            cursor.fill(ledger, span).await?;
        }
        let newest = cursors.iter_mut().max_by_key(|cursor| cursor.rows.front().map(|row| row.ended_at));
        let Some((appliance, listed)) = newest.and_then(|cursor| Some((cursor.appliance, cursor.rows.pop_front()?))) else {
            break;
        };
        search.take(Session { appliance: appliance.clone(), listed });
        if search.looked.is_multiple_of(100) {
            looked(search.looked);
        }
    }
    Ok(())
}

/// The sessions that a person means by an lsid (or its beginning), a sequence number or a ticket; the newest first, `limit` at most.
///
/// # Errors
///
/// As the ledger's.
pub(crate) async fn by_name(
    ledger: &Ledger,
    appliances: &[ApplianceId],
    name: &str,
    limit: usize,
    mut looked: impl FnMut(usize),
) -> Result<Vec<Session>, LedgerError> {
    let by_lsid = by_lsid(ledger, appliances, name, limit).await?;
    if !by_lsid.is_empty() {
        return Ok(by_lsid);
    }
    if let Ok(sequence) = name.parse() {
        let filter = Filter { sequence: Some(sequence), ..Filter::default() };
        let found = find(ledger, appliances, &filter, (None, limit), &mut looked).await?.sessions;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let filter = Filter { ticket: Some(name.to_owned()), ..Filter::default() };
    Ok(find(ledger, appliances, &filter, (None, limit), looked).await?.sessions)
}

/// Fewer characters of an lsid than that name no session.
const LSID_PART_MIN: usize = 6;

async fn by_lsid(ledger: &Ledger, appliances: &[ApplianceId], name: &str, limit: usize) -> Result<Vec<Session>, LedgerError> {
    let mut found = Vec::new();
    let Ok(lsid) = name.parse::<Lsid>() else { return Ok(found) };
    for appliance in appliances {
        if let Some(listed) = ledger.session(appliance, &lsid).await? {
            return Ok(vec![Session { appliance: appliance.clone(), listed }]);
        }
        // Digits alone are a sequence number or a ticket's id.
        if name.len() >= LSID_PART_MIN && !name.bytes().all(|byte| byte.is_ascii_digit()) {
            let beginning = ledger.beginning_with(appliance, name, limit).await?;
            found.extend(beginning.into_iter().map(|listed| Session { appliance: appliance.clone(), listed }));
        }
    }
    found.truncate(limit);
    Ok(found)
}
