//! What the ledger knows of sessions: which of them a filter means, and each as one row. Changes nothing.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use clap::ValueEnum;
use delivery::{Hold, Record, Write, WriteState, Writer};
use jiff::Timestamp;
use ledger::{Continuation, EndSpan, Ledger, LedgerError, Listed, Remembered};
use serde::Serialize;
use session::{ApplianceId, Lsid};

/// How a session stands: the one word that says what it needs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum State {
    /// All that it calls for is written, or by a rule not to be written.
    Delivered,
    /// It is on its way, and goes on by itself.
    Waiting,
    /// It has no ticket.
    Unmatched,
    /// Something of it was refused.
    Refused,
    /// A right is missing, or the vendor objects to a write for now.
    Blocked,
    /// Something of it may be written or not.
    InDoubt,
    /// Its event was given up.
    GivenUp,
    /// What would have been written was kept, nothing written.
    Shadowed,
    /// Not ours to write, by settings.
    Ignored,
    /// Writing was switched off while a write was open.
    LeftOpen,
    /// A survey that was announced did not show.
    SurveyMissing,
}

impl State {
    /// The word for it, as in JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Waiting => "waiting",
            Self::Unmatched => "unmatched",
            Self::Refused => "refused",
            Self::Blocked => "blocked",
            Self::InDoubt => "in_doubt",
            Self::GivenUp => "given_up",
            Self::Shadowed => "shadowed",
            Self::Ignored => "ignored",
            Self::LeftOpen => "left_open",
            Self::SurveyMissing => "survey_missing",
        }
    }

    /// Whether a person has to do something.
    pub(crate) const fn needs_person(self) -> bool {
        !matches!(self, Self::Delivered | Self::Waiting | Self::Shadowed | Self::Ignored)
    }

    /// How the session stands that the record tells of, in the order of what is gravest.
    pub(crate) fn of(record: &Record) -> Self {
        let any = |is: fn(&Write) -> bool| record.writes.values().any(is);
        if record.dead_lettered.is_some() {
            Self::GivenUp
        } else if any(|write| matches!(write.state, WriteState::InDoubt { .. })) {
            Self::InDoubt
        } else if any(|write| matches!(write.state, WriteState::Refused { .. })) {
            Self::Refused
        } else if record.left_open.is_some() {
            Self::LeftOpen
        } else if record.unmatched.is_some() {
            Self::Unmatched
        } else if any(Write::is_blocked) {
            Self::Blocked
        } else if record.waiting.is_some() || record.has_open() {
            Self::Waiting
        } else if record.surveys_missing.any() {
            Self::SurveyMissing
        } else {
            Self::of_settled(record)
        }
    }

    fn of_settled(record: &Record) -> Self {
        if record.ignored.is_some() {
            Self::Ignored
        } else if record.writes.is_empty() && record.end.is_some_and(|end| end.writer == Writer::Others) {
            Self::Shadowed
        } else if record.settled_at.is_some() || !record.writes.is_empty() {
            Self::Delivered
        } else {
            Self::Waiting
        }
    }
}

/// A session of the ledger, with the appliance that it is of.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) appliance: ApplianceId,
    pub(crate) listed: Listed,
}

impl Session {
    /// What is remembered of it, if anything was recorded and can be read.
    pub(crate) const fn record(&self) -> Option<&Record> {
        match &self.listed.remembered {
            Remembered::Recorded(record) => Some(record),
            Remembered::Claimed | Remembered::Unreadable => None,
        }
    }

    /// How it stands. What cannot be read is a doubt: nobody can tell what was written.
    pub(crate) fn state(&self) -> State {
        match &self.listed.remembered {
            Remembered::Recorded(record) => State::of(record),
            Remembered::Claimed => State::Waiting,
            Remembered::Unreadable => State::InDoubt,
        }
    }

    /// Where it is in a list: what has no end first, then the newest.
    fn place(&self) -> (Reverse<Timestamp>, &Lsid) {
        (Reverse(self.listed.ended_at.unwrap_or(Timestamp::MAX)), &self.listed.lsid)
    }
}

/// One session as lists show it. The members are fixed: other programs read them.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) appliance: ApplianceId,
    pub(crate) lsid: Lsid,
    pub(crate) sequence: Option<u64>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) ticket: Option<String>,
    pub(crate) technician: Option<String>,
    pub(crate) state: State,
    pub(crate) attention: Option<&'static str>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) next_attempt_at: Option<Timestamp>,
    pub(crate) waiting_for: Option<&'static str>,
    pub(crate) writes: Vec<WriteRow>,
    /// What the record says of the session as a whole; for people.
    #[serde(skip)]
    pub(crate) reason: Option<String>,
}

/// One write of a session.
#[derive(Debug, Serialize)]
pub(crate) struct WriteRow {
    pub(crate) id: String,
    pub(crate) state: &'static str,
    pub(crate) remote_id: Option<i64>,
    pub(crate) sentence: Option<String>,
    /// How often it was sent, as far as is remembered.
    pub(crate) attempts: u32,
}

impl From<&Session> for Row {
    fn from(session: &Session) -> Self {
        let empty = Record::default();
        let record = session.record().unwrap_or(&empty);
        let facts = record.facts.clone().unwrap_or_default();
        let waiting = record.waiting.as_ref();
        Self {
            appliance: session.appliance.clone(),
            lsid: session.listed.lsid.clone(),
            sequence: facts.sequence,
            ended_at: record.ended_at().or(session.listed.ended_at),
            ticket: ticket(record),
            technician: facts.technician,
            state: session.state(),
            attention: record.attention().map(|attention| attention.name()),
            since: session.listed.attention_at.or_else(|| waiting.map(|waiting| waiting.since)),
            next_attempt_at: waiting.and_then(|waiting| waiting.until),
            waiting_for: waiting.map(|waiting| waiting.why.name()),
            writes: record.writes.iter().map(|(id, write)| WriteRow::new(id.to_string(), write)).collect(),
            reason: reason(record),
        }
    }
}

impl WriteRow {
    fn new(id: String, write: &Write) -> Self {
        let (state, remote_id) = match &write.state {
            WriteState::Wanted(_) => ("wanted", None),
            WriteState::Sending { .. } => ("sending", None),
            // Nobody knows the id of what a person has found.
            WriteState::Done { id, .. } => ("done", Some(id.0).filter(|id| *id != 0)),
            WriteState::Skipped { .. } => ("skipped", None),
            WriteState::Refused { .. } => ("refused", None),
            WriteState::InDoubt { .. } => ("in_doubt", None),
        };
        Self { id, state, remote_id, sentence: sentence(write), attempts: attempts(write) }
    }
}

/// The ticket's number; of one that was assigned and not read yet its id.
pub(crate) fn ticket(record: &Record) -> Option<String> {
    let frozen = record.target.as_ref().map(|target| target.number.to_string());
    frozen.or_else(|| record.assigned.map(|ticket| ticket.to_string()))
}

/// Why the session as a whole is as it is, if there is a reason.
fn reason(record: &Record) -> Option<String> {
    let given_up = record.dead_lettered.as_ref().map(ToString::to_string);
    let left_open = record.left_open.map(|why| why.to_string());
    let unmatched = record.unmatched.map(|why| why.to_string());
    given_up.or(left_open).or(unmatched).or_else(|| record.ignored.map(|why| why.to_string()))
}

/// What the vendor, or a rule, said of the write.
pub(crate) fn sentence(write: &Write) -> Option<String> {
    match &write.state {
        WriteState::Refused { sentence, .. } | WriteState::InDoubt { sentence, .. } => Some(sentence.to_string()),
        WriteState::Skipped { reason } => Some(skipped(*reason)),
        _ => match write.hold() {
            Some(Hold::Right { sentence } | Hold::Alone { sentence, .. }) => Some(sentence.to_string()),
            _ => None,
        },
    }
}

fn skipped(reason: delivery::Skip) -> String {
    use delivery::Skip;
    match reason {
        Skip::Continued => "the attachment was refused: its text went into further notes".to_owned(),
        Skip::EmptySurvey => "nobody filled in the survey".to_owned(),
        Skip::Time(reason) => reason.to_string(),
    }
}

fn attempts(write: &Write) -> u32 {
    match (&write.state, write.hold()) {
        (_, Some(Hold::Alone { tries, .. })) => tries + 1,
        (_, Some(Hold::Unfamiliar { refusals, .. })) => *refusals,
        (_, Some(Hold::Right { .. })) => 1,
        (WriteState::Wanted(_) | WriteState::Skipped { .. }, None) => u32::from(write.frozen.is_some()),
        _ => 1,
    }
}

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
