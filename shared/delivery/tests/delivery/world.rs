//! The small world around a delivery: a ledger item, a ticketing system, an appliance and a clock, all moved by hand.
//!
//! It performs steps as the worker does. What a neighbour answers is said beforehand, by write id; without a word
//! everything works.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use delivery::waits::{not_before_receives_last, queue_time_ends};
use delivery::{
    Admission, Answer, ApiUser, Arrival, Attention, Content, Delivery, DocumentVersion, Ending, Input, Kept, LookUp, Marker,
    NoAuthor, Notice, NoticeSubject, Outcome, Pace, Pause, PauseScope, Place, Proof, Proofs, Record, Rules, Step, Witness, Words,
    WriteId, WriteKind, WriteState, admission,
};
use jiff::{SignedDuration, Timestamp};
use session::Origin;
use session::content::{Author, RoleCandidate, RoleReason, Ticket, TicketDraft, TicketReference, TicketWish};
use session::event::{EventKind, OutboundEvent};
use session::external_key::KeyRules;
use session::failure::{Failure, Sentence};
use session::ids::{Lsid, RemoteId, ResourceId, RoleId, TicketId, TicketNumber};
use session::settings::Settings;
use session::support_session::SupportSession;
use texts::{Redactor, Templates};

use crate::sample;

/// A run that needs more steps than this is taken for an endless one.
const STEPS_MAX: u32 = 500;
/// After as many receives the queue moves a message away without a word.
const RECEIVES_MAX: u32 = 1000;
/// How long the platform lets a run last.
const INVOCATION: SignedDuration = SignedDuration::from_secs(90);

/// A message of the queue.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) event: OutboundEvent,
    pub(crate) source: Origin,
    pub(crate) received_at: Timestamp,
}

/// How a send goes wrong.
#[derive(Clone)]
pub(crate) enum Mishap {
    /// Refused with that failure; nothing is written.
    Fails(Failure),
    /// It is written, but the answer is lost.
    AnswerLost,
    /// The answer is lost, and it is written so much later.
    LandsLater(SignedDuration),
    /// The answer is lost, and it is never written.
    NeverLands,
}

/// Something in the ticketing system.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: RemoteId,
    pub(crate) kind: WriteKind,
    /// A note's or an attachment's title, a time entry's internal notes.
    pub(crate) marked: String,
    pub(crate) ticket: TicketId,
    pub(crate) role: Option<RoleId>,
    /// A note's text.
    pub(crate) text: String,
    visible_from: Timestamp,
}

/// Where a run is cut short.
#[derive(Clone, Copy)]
pub(crate) enum Crash {
    /// Before step k is performed.
    Before(u32),
    /// After step k was performed, before the delivery hears of it.
    After(u32),
}

/// What one run came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    pub(crate) ending: Option<Ending>,
    pub(crate) steps: u32,
    /// Calls to a neighbour, by name.
    pub(crate) calls: Vec<String>,
    /// Records stored.
    pub(crate) records: u32,
}

impl Run {
    pub(crate) fn outcome(&self) -> Outcome {
        match &self.ending {
            Some(Ending::Finished(outcome)) => *outcome,
            other => panic!("the event has not come to its end: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn waits_until(&self) -> Timestamp {
        match &self.ending {
            Some(Ending::Wait { until, .. }) => *until,
            other => panic!("it does not wait: {other:?}"),
        }
    }

    pub(crate) fn called(&self, call: &str) -> usize {
        self.calls.iter().filter(|other| *other == call).count()
    }
}

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) settings: Settings,
    pub(crate) redactor: Redactor,
    pub(crate) pace: Pace,
    pub(crate) document: DocumentVersion,
    pub(crate) api_user: ApiUser,
    /// What the appliance answers.
    pub(crate) report: Result<SupportSession, Failure>,
    /// Tickets by number and id.
    pub(crate) tickets: Vec<Ticket>,
    /// What a read of a ticket comes to instead.
    pub(crate) ticket_failure: Option<Failure>,
    /// Who has the login that is asked for.
    pub(crate) author: Result<Author, NoAuthor>,
    pub(crate) mishaps: BTreeMap<String, VecDeque<Mishap>>,
    /// The API user does not see rows of these kinds.
    pub(crate) blind: Vec<WriteKind>,
    pub(crate) rows: Vec<Row>,
    /// Other time entries about the time of the session.
    pub(crate) overlapping: Vec<RemoteId>,
    /// A row is seen this long after it was written.
    pub(crate) rows_appear_after: SignedDuration,
    /// What other sessions wrote, by which look-ups are proven.
    pub(crate) witnesses: Vec<Row>,
    pub(crate) proofs: Proofs,
    pub(crate) pauses: Vec<Pause>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) kept: Vec<Kept>,
    /// The tickets that were asked for.
    pub(crate) wishes: Vec<TicketWish>,
    /// What making ids of the names in a wish comes to instead.
    pub(crate) draft_failure: Option<Failure>,
    /// What giving a session a key comes to instead.
    pub(crate) key_failure: Option<Failure>,
    /// The ledger item: claims, claims without outcome, the record as text.
    item: Option<(u32, u32, Option<String>)>,
    next_row: i64,
}

impl World {
    /// A world in which everything works and look-ups are known to.
    pub(crate) fn new() -> Self {
        let role = |id, reason| RoleCandidate { role: RoleId(id), reason };
        let roles = vec![role(9, RoleReason::TicketAssignment), role(11, RoleReason::ResourceDefault)];
        let all = [WriteKind::Ticket, WriteKind::Note, WriteKind::Attachment, WriteKind::TimeEntry];
        Self {
            now: sample::end() + sample::seconds(1),
            settings: sample::settings(),
            redactor: Redactor::default(),
            pace: Pace::default(),
            document: DocumentVersion("1".to_owned()),
            api_user: ApiUser("a".to_owned()),
            report: Ok(sample::session(Some(sample::TICKET))),
            tickets: vec![ticket(42, sample::TICKET), ticket(43, "T20250318.0043")],
            ticket_failure: None,
            author: Ok(Author { resource: ResourceId(29), roles }),
            mishaps: BTreeMap::new(),
            blind: Vec::new(),
            rows: Vec::new(),
            overlapping: Vec::new(),
            rows_appear_after: SignedDuration::ZERO,
            witnesses: all.into_iter().map(witness_row).collect(),
            proofs: Proofs(all.into_iter().map(|kind| (kind, proof(kind))).collect()),
            pauses: Vec::new(),
            notices: Vec::new(),
            kept: Vec::new(),
            wishes: Vec::new(),
            draft_failure: None,
            key_failure: None,
            item: None,
            next_row: 1000,
        }
    }

    /// What happens to the next sends of that write, one after the other.
    pub(crate) fn mishap(&mut self, write: &str, mishap: Mishap) {
        self.mishaps.entry(write.to_owned()).or_default().push_back(mishap);
    }

    pub(crate) fn message(&self, kind: EventKind, seconds_after_end: i64) -> Message {
        Message { event: sample::event(kind, seconds_after_end), source: Origin::Event, received_at: self.now }
    }

    pub(crate) fn end_message(&self) -> Message {
        self.message(EventKind::SupportConferenceEnd, 0)
    }

    /// An operator's replay of the session's end, now.
    pub(crate) fn replay(&self) -> Message {
        Message { source: Origin::Replay, ..self.end_message() }
    }

    /// Whether the message is worked on now.
    pub(crate) fn admission(&self, message: &Message) -> Admission {
        let arrival = Arrival {
            kind: message.event.kind,
            received_at: message.received_at,
            expires_at: queue_time_ends(message.received_at),
        };
        admission(&self.rules(), arrival, &self.pauses.iter().cloned().collect(), self.now)
    }

    /// Look-ups of that kind are known not to work.
    pub(crate) fn disprove(&mut self, kind: WriteKind) {
        self.proofs.0.insert(kind, Proof { at: self.now, witness: None });
    }

    /// An operator assigns the session to that ticket.
    pub(crate) fn assign(&mut self, ticket: TicketId) {
        let record = Record { assigned: Some(ticket), ..self.record() };
        self.item.as_mut().unwrap().2 = Some(serde_json::to_string(&record).unwrap());
    }

    /// The ledger forgets the session.
    pub(crate) fn lose_memory(&mut self) {
        self.item = None;
    }

    pub(crate) fn later(&mut self, by: SignedDuration) {
        self.now += by;
    }

    pub(crate) fn record(&self) -> Record {
        let text = self.item.as_ref().and_then(|(_, _, record)| record.as_deref());
        serde_json::from_str(text.unwrap_or("{}")).unwrap()
    }

    pub(crate) fn state(&self, write: &str) -> WriteState {
        let id: WriteId = write.parse().unwrap();
        self.record().writes.get(&id).map(|write| write.state.clone()).unwrap_or_else(|| panic!("no {write} in the record"))
    }

    pub(crate) fn attention(&self) -> Option<Attention> {
        self.record().attention()
    }

    /// The rows that bear the marker of that write.
    pub(crate) fn rows_of(&self, write: &str) -> Vec<&Row> {
        let lsid: Lsid = sample::LSID.parse().unwrap();
        let marker = Marker::new(&lsid, &write.parse().unwrap());
        self.rows.iter().filter(|row| marker.is_in(&row.marked)).collect()
    }

    pub(crate) fn told(&self, subject: NoticeSubject) -> usize {
        self.notices.iter().filter(|notice| notice.subject == subject).count()
    }

    /// One note and one time entry, and nothing else.
    #[track_caller]
    pub(crate) fn assert_one_note_and_one_time_entry(&self) {
        assert_eq!((self.rows_of("note.session").len(), self.rows_of("time.29").len(), self.rows.len()), (1, 1, 2));
    }

    /// One row of each of these writes, and nothing else.
    #[track_caller]
    pub(crate) fn assert_one_of_each(&self, writes: &[&str]) {
        for write in writes {
            assert_eq!(self.rows_of(write).len(), 1, "{write}");
        }
        assert_eq!(self.rows.len(), writes.len());
    }

    // --- The worker ------------------------------------------------------------------------------------------------

    /// One claim of the message, to the end of its run.
    pub(crate) fn deliver(&mut self, message: &Message) -> Run {
        self.run(message, None)
    }

    /// One claim, cut short.
    pub(crate) fn crash(&mut self, message: &Message, crash: Crash) -> Run {
        self.run(message, Some(crash))
    }

    /// The message again and again, each time when it becomes visible, until it is done with. Returns all runs as one.
    pub(crate) fn deliver_to_its_end(&mut self, message: &Message) -> Run {
        let mut all = Run::default();
        for receives in 1..RECEIVES_MAX {
            if let Admission::Wait { until, .. } = self.admission(message) {
                self.now = not_before_receives_last(until, receives, self.now);
                continue;
            }
            let run = self.deliver(message);
            all.steps += run.steps;
            all.records += run.records;
            all.calls.extend(run.calls);
            match run.ending {
                Some(Ending::Wait { until, .. }) => self.now = not_before_receives_last(self.now.max(until), receives, self.now),
                ending => {
                    all.ending = ending;
                    return all;
                }
            }
        }
        panic!("the event comes to no end");
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        let (templates, problems) = Templates::new(&self.settings.templates);
        assert!(problems.is_empty());
        let (document, api_user) = (self.document.clone(), self.api_user.clone());
        let words = Words {
            ticketing: "Autotask",
            source_credentials: "check the API account",
            ticketing_credentials: "check the API user",
        };
        let settings = self.settings.clone();
        Arc::new(Rules {
            settings,
            templates,
            redactor: self.redactor.clone(),
            keys: KeyRules::new(r"T\d{8}\.\d+", None),
            pace: self.pace,
            document,
            api_user,
            words,
        })
    }

    fn claim(&mut self, message: &Message) -> (Input, Option<Record>) {
        let item = self.item.get_or_insert((0, 0, None));
        item.0 += 1;
        item.1 += 1;
        let record = item.2.as_deref().map(|text| serde_json::from_str(text).unwrap());
        let input = Input {
            event: message.event.clone(),
            source: message.source,
            received_at: message.received_at,
            expires_at: queue_time_ends(message.received_at),
            deadline: self.now + INVOCATION,
            claims_without_outcome: item.1,
            jitter: 0.5,
        };
        (input, record)
    }

    fn run(&mut self, message: &Message, crash: Option<Crash>) -> Run {
        let (input, record) = self.claim(message);
        let mut delivery = Delivery::new(input, self.rules(), record, self.proofs.clone(), self.pauses.iter().cloned().collect());
        let mut run = Run::default();
        while run.steps < STEPS_MAX {
            self.later(SignedDuration::from_millis(50));
            let step = delivery.next(self.now);
            run.steps += 1;
            if matches!(crash, Some(Crash::Before(k)) if k == run.steps) {
                return run;
            }
            if let Step::End(ending) = step {
                run.ending = Some(ending);
                return run;
            }
            let answer = self.perform(step, &delivery, &mut run);
            if matches!(crash, Some(Crash::After(k)) if k == run.steps) {
                return run;
            }
            delivery.take(answer, self.now);
        }
        panic!("the run comes to no end");
    }

    fn perform(&mut self, step: Step, delivery: &Delivery, run: &mut Run) -> Answer {
        match step {
            Step::Record { outcome, .. } => {
                run.records += 1;
                self.store(delivery.record(), outcome);
                Answer::Recorded
            }
            Step::FetchReport => {
                run.calls.push("report".to_owned());
                Answer::Report(self.report.clone().map(Box::new))
            }
            Step::FindTicket(reference) => {
                run.calls.push("ticket".to_owned());
                Answer::Ticket(self.find_ticket(&reference))
            }
            Step::FindAuthor { .. } => Answer::Author(Ok(self.author.clone())),
            Step::LookUp(look_up) => {
                let is_own = look_up.marker == Marker::new(&sample::LSID.parse().unwrap(), &look_up.write);
                let is_overlap = matches!(look_up.place, Place::Overlap { .. });
                let what = if is_overlap {
                    format!("what overlaps with {}", look_up.write)
                } else if is_own {
                    look_up.write.to_string()
                } else {
                    format!("the witness of {}", look_up.write.kind())
                };
                run.calls.push(format!("look up {what}"));
                Answer::Found(Ok(self.look_up(&look_up)))
            }
            Step::DraftTicket(wish) => {
                run.calls.push("draft".to_owned());
                let draft = TicketDraft { session: wish.session.clone(), fields: wish.fields.clone() };
                self.wishes.push(*wish);
                Answer::Draft(self.draft_failure.clone().map_or_else(|| Ok(Box::new(draft)), Err))
            }
            Step::SetExternalKey(number) => {
                run.calls.push(format!("key {number}"));
                Answer::KeySet(self.set_key(&number))
            }
            Step::Send { write, content, .. } => {
                run.calls.push(format!("send {write}"));
                Answer::Sent(self.send(&write, &content))
            }
            Step::Prove { kind, proof } => self.noted(|world| {
                world.proofs.0.insert(kind, proof);
            }),
            Step::Pause(pause) => self.noted(|world| {
                world.pauses.retain(|other| other.scope != pause.scope);
                world.pauses.push(pause);
            }),
            Step::Resume(scope) => self.noted(|world| world.pauses.retain(|pause| pause.scope != scope)),
            Step::Tell(notice) => self.noted(|world| world.notices.push(notice)),
            Step::Keep(kept) => self.noted(|world| world.kept.extend(kept)),
            Step::End(_) => unreachable!("handled by the caller"),
        }
    }

    fn noted(&mut self, change: impl FnOnce(&mut Self)) -> Answer {
        change(self);
        Answer::Noted
    }

    /// Stores the record as text, which must lose nothing.
    fn store(&mut self, record: &Record, outcome: bool) {
        let text = serde_json::to_string(record).unwrap();
        assert_eq!(&serde_json::from_str::<Record>(&text).unwrap(), record);
        let item = self.item.as_mut().unwrap();
        item.2 = Some(text);
        if outcome {
            item.1 = 0;
        }
    }

    // --- The ticketing system --------------------------------------------------------------------------------------

    fn find_ticket(&self, reference: &TicketReference) -> Result<Option<Ticket>, Failure> {
        if let Some(failure) = &self.ticket_failure {
            return Err(failure.clone());
        }
        let is_it = |ticket: &&Ticket| match reference {
            TicketReference::Number(number) => ticket.number == *number,
            TicketReference::Id(id) | TicketReference::BareDigits(id) => ticket.id == *id,
        };
        Ok(self.tickets.iter().find(is_it).cloned())
    }

    /// The report has the key from now on.
    fn set_key(&mut self, number: &TicketNumber) -> Result<(), Failure> {
        if let Some(failure) = &self.key_failure {
            return Err(failure.clone());
        }
        if let Ok(session) = &mut self.report {
            session.external_key = Some(number.as_str().to_owned());
        }
        Ok(())
    }

    fn look_up(&self, look_up: &LookUp) -> Vec<RemoteId> {
        if let Place::Overlap { .. } = look_up.place {
            let own = self.rows.iter().find(|row| look_up.marker.is_in(&row.marked));
            return self.overlapping.iter().copied().filter(|row| own.is_none_or(|own| own.id != *row)).collect();
        }
        let is_there = |row: &&Row| {
            let in_place = match look_up.place {
                Place::Note { ticket, .. } => row.kind == WriteKind::Note && (row.ticket == ticket || look_up.wide),
                Place::Time { .. } => row.kind == WriteKind::TimeEntry,
                Place::Attachment { .. } => row.kind == WriteKind::Attachment,
                Place::Ticket => row.kind == WriteKind::Ticket,
                Place::Overlap { .. } => false,
            };
            in_place && row.visible_from <= self.now && look_up.marker.is_in(&row.marked) && !self.blind.contains(&row.kind)
        };
        self.rows.iter().chain(&self.witnesses).filter(is_there).map(|row| row.id).collect()
    }

    fn send(&mut self, write: &WriteId, content: &Content) -> Result<RemoteId, Failure> {
        let mishap = self.mishaps.get_mut(&write.to_string()).and_then(VecDeque::pop_front);
        match mishap {
            None => Ok(self.insert(content, self.now + self.rows_appear_after)),
            Some(Mishap::Fails(failure)) => Err(failure),
            Some(Mishap::AnswerLost) => {
                self.insert(content, self.now);
                Err(answer_lost())
            }
            Some(Mishap::LandsLater(by)) => {
                self.insert(content, self.now + by);
                Err(answer_lost())
            }
            Some(Mishap::NeverLands) => Err(answer_lost()),
        }
    }

    fn insert(&mut self, content: &Content, visible_from: Timestamp) -> RemoteId {
        self.next_row += 1;
        let id = RemoteId(self.next_row);
        let row = |kind, marked: &str, ticket| Row {
            id,
            kind,
            marked: marked.to_owned(),
            ticket,
            role: None,
            text: String::new(),
            visible_from,
        };
        self.rows.push(match content {
            Content::Note { ticket, note } => {
                Row { text: note.description.clone(), ..row(WriteKind::Note, &note.title, *ticket) }
            }
            Content::TimeEntry { ticket, entry } => {
                Row { role: Some(entry.role), ..row(WriteKind::TimeEntry, &entry.internal_notes, *ticket) }
            }
            Content::Attachment(attachment) => row(WriteKind::Attachment, &attachment.title, TicketId(0)),
            Content::Ticket(draft) => {
                let marker = Marker::new(&draft.session, &WriteId::Ticket);
                self.tickets.push(ticket(id.0, &format!("T20250318.{}", id.0)));
                row(WriteKind::Ticket, marker.as_str(), TicketId(id.0))
            }
        });
        id
    }
}

fn ticket(id: i64, number: &str) -> Ticket {
    Ticket {
        id: TicketId(id),
        number: number.parse().unwrap(),
        company: 0,
        status: 5,
        assigned_role: Some(RoleId(9)),
        last_activity: Some(sample::end() - sample::seconds(3600)),
    }
}

// --- What was written before ---

fn witness_marker(kind: WriteKind) -> Marker {
    let write = match kind {
        WriteKind::Ticket => WriteId::Ticket,
        WriteKind::Note => WriteId::SessionNote,
        WriteKind::Attachment => WriteId::Attachment(1),
        WriteKind::TimeEntry => WriteId::Time(ResourceId(29)),
    };
    Marker::new(&"0th3r".parse().unwrap(), &write)
}

/// Look-ups of that kind were seen to work just before the session ended.
fn proof(kind: WriteKind) -> Proof {
    let at = sample::end();
    let place = match kind {
        WriteKind::Ticket => Place::Ticket,
        WriteKind::Note => Place::Note { ticket: TicketId(7), since: at },
        WriteKind::Attachment => Place::Attachment { note: RemoteId(1) },
        WriteKind::TimeEntry => Place::Time { resource: ResourceId(29), start: at },
    };
    Proof { at, witness: Some(Witness { marker: witness_marker(kind), place }) }
}

fn witness_row(kind: WriteKind) -> Row {
    let (id, marked) = (RemoteId(1), witness_marker(kind).to_string());
    Row { id, kind, marked, ticket: TicketId(7), role: None, text: String::new(), visible_from: Timestamp::UNIX_EPOCH }
}

// --- What neighbours say -------------------------------------------------------------------------------------------

pub(crate) fn answer_lost() -> Failure {
    Failure::Unknown { what: "the connection was lost".into() }
}

pub(crate) fn not_taken() -> Failure {
    Failure::NotTaken { what: "connection refused".into(), throttled: false, retry_after: None }
}

pub(crate) fn not_ready() -> Failure {
    Failure::NotReady { sentence: "empty".into() }
}

pub(crate) fn refused(sentence: &str) -> Failure {
    Failure::Refused { sentence: Sentence::new(sentence) }
}

pub(crate) fn blocked() -> Failure {
    Failure::Blocked { sentence: "no permission to add time".into(), remedy: "grant it".into() }
}

pub(crate) fn write_blocked() -> Failure {
    let sentence = "the timesheet of this week is submitted".into();
    Failure::WriteBlocked { sentence, remedy: "let it be returned".into() }
}

pub(crate) fn pause_of(world: &World, scope: PauseScope) -> Option<&Pause> {
    world.pauses.iter().find(|pause| pause.scope == scope)
}
