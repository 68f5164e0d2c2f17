//! Performs what the delivery asks for, with concrete clients. Decides nothing but one thing: refused credentials are
//! read again at once, and if they have changed the call is made again with the new ones.

use std::sync::Arc;

use delivery::{Answer, Delivery, Ending, LookUp, Pauses, Step};
use jiff::Timestamp;
use ledger::{Claim, Ledger, LedgerError, Progress, Stored};
use link::{Link, Links};
use session::{ApplianceId, Failure, Lsid, RemoteId, TicketNumber};
use telemetry::Log;
use tokio::time::Instant;

use crate::clock;
use crate::log_line::replaced_line;
use crate::notify::Notifier;

/// More steps than any session can need: an endless run would be a defect, and must not hold a session for ever.
const STEPS_MAX: u32 = 2_000;

/// How a run ended.
#[derive(Debug)]
pub enum Run {
    /// As the delivery decided.
    Ended(Ending),
    /// Another worker has claimed the session since: nothing more may be done here.
    FenceLost,
    /// The ledger could not be reached or read; what was stored last counts.
    Ledger(LedgerError),
    /// A defect: the delivery did not come to an end.
    Endless,
}

/// One run: the delivery of one event, with everything it needs to act.
pub struct StepRunner<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The links, to read a connection again.
    pub links: &'a Links,
    /// Whom to tell.
    pub notifier: &'a Notifier,
    /// Which appliance.
    pub appliance: &'a ApplianceId,
    /// Which session.
    pub lsid: &'a Lsid,
    /// The connection as it is now.
    pub link: Arc<Link>,
    /// The pauses as they lie in the ledger, probes included: what is closed is only what was seen.
    pub pauses: Pauses,
    /// When the platform ends the invocation.
    pub deadline: Timestamp,
    /// How lines are written.
    pub log: &'a Log,
}

impl StepRunner<'_> {
    /// Performs step after step until the delivery has come to its end.
    pub async fn run(&mut self, delivery: &mut Delivery, claim: &mut Claim) -> Run {
        for _ in 0..STEPS_MAX {
            let answer = match delivery.next(clock::now()) {
                Step::End(ending) => return Run::Ended(ending),
                Step::Record { outcome } => match self.record(delivery, claim, outcome).await {
                    Ok(Stored::Yes) => Answer::Recorded,
                    Ok(Stored::FenceLost) => return Run::FenceLost,
                    Err(error) => return Run::Ledger(error),
                },
                step => self.perform(step).await,
            };
            delivery.take(answer, clock::now());
        }
        Run::Endless
    }

    async fn record(&self, delivery: &Delivery, claim: &mut Claim, outcome: bool) -> Result<Stored, LedgerError> {
        let now = clock::now();
        let progress = if outcome { Progress::Outcome } else { Progress::Ongoing };
        self.ledger.record(claim, delivery.record(), progress, now).await
    }

    async fn perform(&mut self, step: Step) -> Answer {
        match step {
            Step::FetchReport => Answer::Report(self.fetch_report().await.map(Box::new)),
            Step::FindTicket(reference) => {
                Answer::Ticket(self.call(async |link, by| link.ticketing.ticket(&reference, by).await).await)
            }
            Step::FindAuthor { login, role_name, ticket_role } => {
                let role_name = role_name.as_deref();
                Answer::Author(self.call(async |link, by| link.ticketing.author(&login, role_name, ticket_role, by).await).await)
            }
            Step::DraftTicket(wish) => {
                let draft = self.call(async |link, by| link.ticketing.draft_ticket(&wish, by).await).await;
                Answer::Draft(draft.map(Box::new))
            }
            Step::SetExternalKey(number) => Answer::KeySet(self.set_external_key(&number).await),
            Step::LookUp(look_up) => Answer::Found(self.look_up(&look_up).await),
            Step::Send { content, .. } => Answer::Sent(self.call(async |link, by| link.ticketing.send(&content, by).await).await),
            Step::Prove { kind, proof } => {
                let user = &self.link.rules.api_user;
                self.noted(self.ledger.set_proof(self.appliance, user, kind, &proof, clock::now()).await)
            }
            Step::Pause(pause) => self.noted(self.ledger.open_pause(self.appliance, &pause).await),
            Step::Resume(scope) => match self.pauses.get(scope) {
                Some(seen) => self.noted(self.ledger.close_pause(self.appliance, seen).await),
                None => Answer::Noted,
            },
            Step::Tell(notice) => {
                self.notifier.notify(self.link.name_of(self.appliance), self.lsid, &notice).await;
                Answer::Noted
            }
            Step::Keep(kept) => self.noted(
                self.ledger
                    .keep_shadow(self.appliance, self.lsid, &kept, self.link.rules.settings.shadow_days, clock::now())
                    .await,
            ),
            // Both are handled by the caller, which alone has the claim.
            Step::Record { .. } | Step::End(_) => Answer::Noted,
        }
    }

    async fn fetch_report(&mut self) -> Result<session::SupportSession, Failure> {
        let lsid = self.lsid;
        let report = self
            .call(async |link, by| link.appliance.fetch_report(lsid, by.saturating_duration_since(Instant::now())).await)
            .await;
        // At once, not after the run: a process that ends in between would have used up a token for nobody else.
        self.links.share_token(&self.link, self.appliance, clock::now()).await;
        if let Ok(session) = &report
            && session.replaced_characters > 0
        {
            replaced_line(self.appliance, self.lsid, session.replaced_characters).print(self.log, clock::now());
        }
        report
    }

    async fn set_external_key(&mut self, number: &TicketNumber) -> Result<(), Failure> {
        let lsid = self.lsid;
        let set = async |link: &Link, by: Instant| {
            let time_left = by.saturating_duration_since(Instant::now());
            link.appliance.set_external_key(lsid, number.as_str(), time_left).await
        };
        let answer = self.call(set).await;
        if let Err(failure) = &answer {
            tracing::warn!(appliance = %self.appliance, %lsid, %failure, "a session could not be given its ticket's number as its key");
        }
        answer
    }

    async fn look_up(&mut self, look_up: &LookUp) -> Result<Vec<RemoteId>, Failure> {
        let now = clock::now();
        self.call(async |link, by| link.ticketing.look_up(look_up, &link.rules.settings.time_zone, now, by).await).await
    }

    /// Makes the call; refused credentials are read again at once, and the call made once more if there are new ones.
    /// That is safe for writes too: a refused login has written nothing.
    async fn call<T, F>(&mut self, make: F) -> Result<T, Failure>
    where
        F: AsyncFn(&Link, Instant) -> Result<T, Failure>,
    {
        let by = clock::call_deadline(self.deadline);
        let first = make(&self.link, by).await;
        if !matches!(first, Err(Failure::CredentialsRefused { .. })) {
            return first;
        }
        match self.links.renewed(self.appliance, &self.link, clock::now()).await {
            Some(link) => {
                self.link = link;
                make(&self.link, by).await
            }
            None => first,
        }
    }

    /// Nothing rests on these: a pause, a proof or a message that could not be stored is made again by the next event.
    fn noted<T>(&self, stored: Result<T, LedgerError>) -> Answer {
        if let Err(error) = stored {
            tracing::warn!(appliance = %self.appliance, lsid = %self.lsid, %error, "a service item could not be stored");
        }
        Answer::Noted
    }
}
