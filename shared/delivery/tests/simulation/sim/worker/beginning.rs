//! What a delivery begins with: its event, its rules, and what the ledger remembers.

use delivery::{Delivery, Detail, EndSeen, Input, Proofs, Record, Write, WriteKind, WriteState, Writer};
use session::Origin;
use session::event::{EventKind, Member, OutboundEvent};

use super::RunId;
use crate::sim::chance::HOUR;
use crate::sim::invariants;
use crate::sim::ledger::Claim;
use crate::sim::sabotage::Sabotage;
use crate::sim::world::{World, proof, stamp};

impl World {
    pub(super) fn begin_delivery(&mut self, run: RunId, claim: Claim) {
        let arrival = self.arrival(run);
        let post = self.queue.messages[self.runs[run].message].post.clone();
        let (mut source, mut received_at) = (post.source, arrival.received_at);
        if self.sabotage == Some(Sabotage::LookFirst) {
            (source, received_at) = (Origin::Event, stamp(self.now));
        }
        let event = OutboundEvent {
            kind: post.kind,
            lsid: self.lsids[self.runs[run].session].clone(),
            timestamp: post.timestamp.map(stamp),
            external_key: None,
            member: (post.kind == EventKind::SupportConferenceMemberAdded).then_some(Member::Representative { user_id: None }),
        };
        let input = Input {
            event,
            source,
            received_at,
            expires_at: arrival.expires_at,
            deadline: stamp(self.runs[run].deadline + if self.sabotage == Some(Sabotage::TimeLeft) { HOUR } else { 0 }),
            claims_without_outcome: claim.claims_without_outcome,
            jitter: self.chance.fraction(),
        };
        let mut record: Option<Record> = claim.record.as_deref().map(|text| serde_json::from_str(text).unwrap());
        let mut proofs = self.runs[run].proofs.clone();
        if let Some(record) = &mut record {
            self.sabotage_record(record);
        }
        self.sabotage_proofs(&mut proofs);
        self.note_run(run, |_| format!("has claimed: fence {}", claim.fence));
        invariants::of_themes::begun(self, run);
        let rules = self.runs[run].rules.clone().unwrap();
        let pauses = self.runs[run].pauses.clone();
        self.runs[run].stored = record.clone();
        self.runs[run].claim = Some(claim);
        self.runs[run].delivery = Some(Box::new(Delivery::new(input, rules, record, proofs, pauses)));
        self.go_on(run);
    }

    fn sabotage_proofs(&self, proofs: &mut Proofs) {
        if matches!(self.sabotage, Some(Sabotage::ProofOfLookUps | Sabotage::MarkerLookUp)) {
            let kinds = [WriteKind::Ticket, WriteKind::Note, WriteKind::TimeEntry, WriteKind::Attachment];
            *proofs = Proofs(kinds.into_iter().map(|kind| (kind, proof(kind))).collect());
        }
    }

    /// What the record does not keep, or keeps wrongly.
    fn sabotage_record(&self, record: &mut Record) {
        match self.sabotage {
            Some(Sabotage::FrozenTarget) => {
                record.target = None;
                record.writes.values_mut().for_each(|write| write.frozen = None);
            }
            Some(Sabotage::Deadline) => {
                for write in record.writes.values_mut() {
                    if let WriteState::Sending { at, send_by, .. } = &mut write.state {
                        *send_by = *at;
                    }
                }
            }
            Some(Sabotage::CutOver) => {
                let seen = &mut record.surveys_seen;
                let of_surveys = seen.customer.values_mut().chain(seen.representative.values_mut());
                of_surveys.chain(record.end.as_mut().map(|end| &mut end.writer)).for_each(|writer| *writer = Writer::Us);
            }
            Some(Sabotage::SentAs) => record.writes.values_mut().for_each(|write| write.sent_as = None),
            Some(Sabotage::SurveyContent) => record.writes.values_mut().for_each(forget_survey),
            Some(Sabotage::EndDatedByEvents) => {
                record.end = record.end.map(|end| EndSeen { at: end.at.or(Some(end.received_at)), ..end });
            }
            _ => {}
        }
    }
}

fn forget_survey(write: &mut Write) {
    if matches!(write.detail, Detail::Survey { .. }) {
        write.detail = Detail::None;
    }
}
