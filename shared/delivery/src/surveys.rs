//! The exit surveys of a session: which are ours to write, which one is which, and whether all that were announced are there.
//!
//! A survey event names no survey, and the report may list them in another order each time. So a survey is known by what it says,
//! and how many are ours by the events: those that came while the connection did not write belong to others.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::base::Base;
use crate::notice;
use crate::record::{Record, SurveysMissing, Writer};
use crate::waits::later;
use crate::write::{Detail, Skip, Write, WriteState};
use session::ids::Gsnumber;
use session::support_session::{SupportSession, Survey, SurveyKind};
use session::write_id::WriteId;

/// Survey events of one kind in one session that are told apart; more can only be a loop on the other side.
const SURVEYS_SEEN_MAX: usize = 50;
/// Bytes of the hash that tells two surveys of one session apart.
const HASH_BYTES: usize = 8;

const BOTH: [SurveyKind; 2] = [SurveyKind::Customer, SurveyKind::Representative];

impl Record {
    /// Remembers that a survey was announced; the first word says whose it is, but a replay makes it ours.
    pub(crate) fn remember_survey(&mut self, kind: SurveyKind, second: i64, writer: Writer) {
        let seen = match kind {
            SurveyKind::Customer => &mut self.surveys_seen.customer,
            SurveyKind::Representative => &mut self.surveys_seen.representative,
        };
        if seen.len() < SURVEYS_SEEN_MAX {
            seen.entry(second).or_insert(writer);
        }
    }

    fn surveys_seen(&self, kind: SurveyKind) -> &BTreeMap<i64, Writer> {
        match kind {
            SurveyKind::Customer => &self.surveys_seen.customer,
            SurveyKind::Representative => &self.surveys_seen.representative,
        }
    }

    fn announced(&self, kind: SurveyKind, writer: Writer) -> usize {
        self.surveys_seen(kind).values().filter(|of| **of == writer).count()
    }

    /// Whether an event of a survey that is ours has been seen.
    pub(crate) fn has_survey_of_ours(&self) -> bool {
        BOTH.into_iter().any(|kind| self.announced(kind, Writer::Us) > 0)
    }

    fn survey_writes(&self, kind: SurveyKind) -> impl Iterator<Item = &Write> {
        self.writes.iter().filter(move |(id, _)| survey_kind(id) == Some(kind)).map(|(_, write)| write)
    }

    fn unknown_surveys<'a>(&self, session: &'a SupportSession, kind: SurveyKind) -> Vec<&'a Survey> {
        let mut known: Vec<&str> = self.survey_writes(kind).filter_map(Write::survey_content).collect();
        let unknown = surveys(session, kind).iter().filter(|survey| {
            let hash = hash(survey);
            // Two that say the same count as two, so each known one is used up once.
            match known.iter().position(|known| *known == hash) {
                Some(index) => {
                    known.swap_remove(index);
                    false
                }
                None => true,
            }
        });
        unknown.collect()
    }

    /// The survey of the report that the write is for.
    pub(crate) fn survey_of<'a>(&self, id: &WriteId, session: &'a SupportSession) -> Option<(SurveyKind, &'a Survey)> {
        let kind = survey_kind(id)?;
        let content = self.writes.get(id)?.survey_content()?;
        surveys(session, kind).iter().find(|survey| hash(survey) == content).map(|survey| (kind, survey))
    }

    /// How many announced surveys of that kind have not come into the report. One that is known counts also if the report does not list it
    /// any more.
    fn missing(&self, kind: SurveyKind, session: &SupportSession) -> usize {
        let known = self.survey_writes(kind).count() + self.unknown_surveys(session, kind).len();
        self.surveys_seen(kind).len().saturating_sub(known)
    }

    /// Whether every announced survey has its write, or was given up.
    pub(crate) fn are_all_surveys_known(&self) -> bool {
        BOTH.into_iter().all(|kind| {
            let given_up = match kind {
                SurveyKind::Customer => self.surveys_missing.customer,
                SurveyKind::Representative => self.surveys_missing.representative,
            };
            self.survey_writes(kind).count() + given_up >= self.announced(kind, Writer::Us)
        })
    }
}

/// Adds the surveys of the report that are ours and that the record does not know.
pub(crate) fn plan_surveys(base: &mut Base, session: &SupportSession) {
    for kind in BOTH {
        let unknown = base.memory.record.unknown_surveys(session, kind);
        let (others, ours) = ours_among(base, unknown.len(), kind);
        for survey in unknown.into_iter().skip(others).take(ours) {
            plan_survey(base, kind, survey);
        }
    }
}

/// Of that many surveys that no write is planned for, in the order of the report: how many to leave to others first, and how many
/// are ours then. Of a session whose end is ours that is all the rest; of another only what came since, the newest last.
fn ours_among(base: &Base, unknown: usize, kind: SurveyKind) -> (usize, usize) {
    let record = &base.memory.record;
    // To be compared with what others write.
    if base.case.is_shadow() {
        return (0, unknown);
    }
    let others = record.announced(kind, Writer::Others);
    if record.is_end_ours() {
        return (others, unknown);
    }
    let ours = record.announced(kind, Writer::Us).saturating_sub(record.survey_writes(kind).count());
    (others.max(unknown.saturating_sub(ours)), ours)
}

/// One without a connection of its own counts as connection 0, further ones of the same connection as -1, -2, …: none is taken for
/// another.
fn plan_survey(base: &mut Base, kind: SurveyKind, survey: &Survey) {
    let id = |gsnumber| match kind {
        SurveyKind::Customer => WriteId::CustomerSurvey(gsnumber),
        SurveyKind::Representative => WriteId::RepresentativeSurvey(gsnumber),
    };
    let own = id(survey.gsnumber.unwrap_or(Gsnumber(0)));
    let further = (1..).map(|n| id(Gsnumber(-n)));
    let mut ids = std::iter::once(own).chain(further);
    let Some(free) = ids.find(|id| !base.memory.record.writes.contains_key(id)) else { return };
    let write = if survey.is_blank() {
        base.memory.progressed = true;
        Write::of(WriteState::Skipped { reason: Skip::EmptySurvey })
    } else {
        base.wanted_write()
    };
    base.memory.record.add(free, write.with(Detail::Survey { content: hash(survey) }));
}

/// Whether the message must wait for an announced survey. After an hour, or when the event's own time is over, it is given up, listed
/// and told of: it holds neither the session's later events nor the message any longer, and is no reason for a dead letter.
pub(crate) fn must_wait_for_surveys(base: &mut Base, session: &SupportSession, now: Timestamp) -> bool {
    let retry_time_over = base.is_retry_time_over(now);
    let record = &mut base.memory.record;
    let [customer, representative] = BOTH.map(|kind| record.missing(kind, session));
    let missing = SurveysMissing { customer, representative };
    // What was given up and came after all is not missing any more, or it would hide the next one.
    let given_up = &mut record.surveys_missing;
    given_up.customer = given_up.customer.min(customer);
    given_up.representative = given_up.representative.min(representative);
    if *given_up == missing {
        record.surveys_awaited_since = None;
        return false;
    }
    let since = *record.surveys_awaited_since.get_or_insert(now);
    if now < later(since, base.case.rules.pace.survey()) && !retry_time_over {
        return true;
    }
    record.surveys_awaited_since = None;
    record.surveys_missing = missing;
    base.memory.progressed = true;
    base.tell(notice::survey_missing());
    false
}

fn survey_kind(id: &WriteId) -> Option<SurveyKind> {
    match id {
        WriteId::CustomerSurvey(_) => Some(SurveyKind::Customer),
        WriteId::RepresentativeSurvey(_) => Some(SurveyKind::Representative),
        _ => None,
    }
}

fn surveys(session: &SupportSession, kind: SurveyKind) -> &[Survey] {
    match kind {
        SurveyKind::Customer => &session.customer_surveys,
        SurveyKind::Representative => &session.representative_surveys,
    }
}

/// Tells the surveys of one session apart by who filled them in and what they say.
fn hash(survey: &Survey) -> String {
    let mut hasher = Sha256::new();
    hasher.update(survey.gsnumber.map_or(0, |gsnumber| gsnumber.0).to_be_bytes());
    for text in survey.answers.iter().flat_map(|(question, answer)| [question, answer]) {
        hasher.update(text.len().to_be_bytes());
        hasher.update(text);
    }
    hasher.finalize().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
}
