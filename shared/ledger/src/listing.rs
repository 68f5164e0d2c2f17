//! What people read of many sessions: by their end, newest first, or by what needs attention; and one session whole.
//!
//! Nothing is claimed and nothing scanned. Whoever lists needs `dynamodb:Query` and `dynamodb:BatchGetItem`, which the delivery has not.
//! Both indexes follow the table within moments, so a list may be that much older than [`session`](Ledger::session), which is not. A list
//! comes in pages, of which each holds a hundred sessions at most: memory does not grow with the number of sessions.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use delivery::Record;
use jiff::Timestamp;
use session::{ApplianceId, Lsid};

use crate::claim::{ATTENTION, ATTENTION_AT, CLAIMS_WITHOUT_OUTCOME, ENDED_AT, FENCE, RECORD, VERSION};
use crate::error::LedgerError;
use crate::item::{APPLIANCE, Item, Key, SORT_KEY, UPDATED_AT, moment, read_moment, read_number, read_text, required, text};
use crate::ledger::Ledger;
use crate::remembered::{BATCH, Remembered, remembered};
use crate::shadow::SHADOW_PREFIX;

/// The table's indexes (infra/template.yaml).
const BY_END: &str = "by_end";
const BY_ATTENTION: &str = "attention";
/// Greater than whatever follows a prefix: names are ASCII.
const END_OF_NAMES: &str = "~";

/// A session as the ledger has it, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Which.
    pub lsid: Lsid,
    /// When it ended, by the index; `None`: nobody has heard of its end.
    pub ended_at: Option<Timestamp>,
    /// What is remembered of it.
    pub remembered: Remembered<Record>,
    /// Since when a person should look at it, if one should.
    pub attention_at: Option<Timestamp>,
    /// When it changed last.
    pub updated_at: Option<Timestamp>,
    /// How often it has been claimed; whoever sees it grow knows that somebody works on it.
    pub fence: u64,
    /// Claims since the last outcome: more than none means that somebody works on it just now, or has crashed.
    pub claims_without_outcome: u32,
}

/// A part of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// What is in it.
    pub rows: Vec<T>,
    /// Where the next part begins; `None`: this is the last.
    pub next: Option<Continuation>,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Continuation(Item);

/// A span of ends, both of them included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndSpan {
    /// Nothing that ended before.
    pub since: Option<Timestamp>,
    /// Nothing that ended after.
    pub until: Option<Timestamp>,
}

impl Ledger {
    /// The sessions of the appliance that ended in that span, newest first; `from`: where the part before said that it goes on.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`] but `Unreadable`: an item that cannot be read is in the list as just that.
    pub async fn ended(
        &self,
        appliance: &ApplianceId,
        span: EndSpan,
        from: Option<Continuation>,
    ) -> Result<Page<Listed>, LedgerError> {
        let since = span.since.unwrap_or(Timestamp::UNIX_EPOCH);
        let request = self
            .list(APPLIANCE, appliance, from)
            .index_name(BY_END)
            .scan_index_forward(false)
            .key_condition_expression("#hash = :hash AND #ended_at BETWEEN :since AND :until")
            .expression_attribute_names("#ended_at", ENDED_AT)
            .expression_attribute_values(":since", moment(since))
            .expression_attribute_values(":until", moment(span.until.unwrap_or(Timestamp::MAX)));
        let keys = page("ended sessions", request).await?;
        // The index has the keys alone. A session that the table has forgotten meanwhile is left out.
        let lsids: Vec<Lsid> = keys.rows.iter().filter_map(|item| read_text(item, SORT_KEY).ok()??.parse().ok()).collect();
        let mut known = self.listed(appliance, &lsids).await?;
        Ok(Page { rows: lsids.iter().filter_map(|lsid| known.remove(lsid)).collect(), next: keys.next })
    }

    /// The sessions of the appliance that a person should look at, those that have waited longest first.
    ///
    /// # Errors
    ///
    /// As [`ended`](Self::ended).
    pub async fn needing_attention(
        &self,
        appliance: &ApplianceId,
        from: Option<Continuation>,
    ) -> Result<Page<Listed>, LedgerError> {
        let request = self.list(ATTENTION, appliance, from).index_name(BY_ATTENTION).key_condition_expression("#hash = :hash");
        let page = page("sessions needing attention", request).await?;
        Ok(Page {
            rows: page.rows.iter().filter_map(|item| listed(item).transpose()).collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// One session as it is now, if the ledger knows it. A consistent read.
    ///
    /// # Errors
    ///
    /// As [`ended`](Self::ended).
    pub async fn session(&self, appliance: &ApplianceId, lsid: &Lsid) -> Result<Option<Listed>, LedgerError> {
        self.read("session", &Key::session(appliance, lsid)).await?.as_ref().map_or(Ok(None), listed)
    }

    /// Sessions of the appliance whose lsid begins with that text, `limit` at most.
    ///
    /// # Errors
    ///
    /// As [`ended`](Self::ended).
    pub async fn beginning_with(&self, appliance: &ApplianceId, prefix: &str, limit: usize) -> Result<Vec<Listed>, LedgerError> {
        let request = self.named(appliance, prefix).limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let page = page("sessions by lsid", request.consistent_read(true)).await?;
        page.rows.iter().filter_map(|item| listed(item).transpose()).collect()
    }

    /// Sessions of the appliance of which something is kept as shadow, each with the time at which it was kept or expunged.
    ///
    /// # Errors
    ///
    /// Any [`LedgerError`].
    pub async fn shadows(
        &self,
        appliance: &ApplianceId,
        from: Option<Continuation>,
    ) -> Result<Page<(Lsid, Option<Timestamp>)>, LedgerError> {
        // Their texts are large, and stay where they are.
        let request = self
            .named(appliance, SHADOW_PREFIX)
            .set_exclusive_start_key(from.map(|Continuation(key)| key))
            .filter_expression("attribute_exists(#shadow)")
            .expression_attribute_names("#shadow", "shadow")
            .projection_expression("#lsid, #updated_at")
            .expression_attribute_names("#updated_at", UPDATED_AT);
        let page = page("shadows", request).await?;
        let shadow = |item: &Item| {
            let lsid = read_text(item, SORT_KEY).ok()??.strip_prefix(SHADOW_PREFIX)?.parse().ok()?;
            Some((lsid, read_moment(item, UPDATED_AT).ok().flatten()))
        };
        Ok(Page { rows: page.rows.iter().filter_map(shadow).collect(), next: page.next })
    }

    async fn listed(&self, appliance: &ApplianceId, lsids: &[Lsid]) -> Result<BTreeMap<Lsid, Listed>, LedgerError> {
        let mut known = BTreeMap::new();
        for batch in lsids.chunks(BATCH) {
            let keys = batch.iter().map(|lsid| Key::session(appliance, lsid).attributes()).collect();
            for item in self.read_batch("sessions", keys, &LISTED).await? {
                known.extend(listed(&item)?.map(|listed| (listed.lsid.clone(), listed)));
            }
        }
        Ok(known)
    }

    fn list(&self, hash: &str, appliance: &ApplianceId, from: Option<Continuation>) -> QueryFluentBuilder {
        let request = self.client.query().table_name(&self.table).limit(PAGE).expression_attribute_names("#hash", hash);
        let request = request.expression_attribute_values(":hash", text(appliance.as_str()));
        request.set_exclusive_start_key(from.map(|Continuation(key)| key))
    }

    fn named(&self, appliance: &ApplianceId, prefix: &str) -> QueryFluentBuilder {
        self.list(APPLIANCE, appliance, None)
            .key_condition_expression("#hash = :hash AND #lsid BETWEEN :first AND :last")
            .expression_attribute_names("#lsid", SORT_KEY)
            // A key must not be empty; no lsid comes before this one, and every service item does.
            .expression_attribute_values(":first", text(if prefix.is_empty() { "-" } else { prefix }))
            .expression_attribute_values(":last", text(&format!("{prefix}{END_OF_NAMES}")))
    }
}

/// As many as one call reads whole.
const PAGE: i32 = 100;

/// What is read of an item.
const LISTED: [&str; 8] = [SORT_KEY, RECORD, VERSION, ENDED_AT, ATTENTION_AT, UPDATED_AT, FENCE, CLAIMS_WITHOUT_OUTCOME];

async fn page(operation: &'static str, request: QueryFluentBuilder) -> Result<Page<Item>, LedgerError> {
    let answer = request.send().await.map_err(|error| LedgerError::from_sdk(operation, &error))?;
    Ok(Page { rows: answer.items.unwrap_or_default(), next: answer.last_evaluated_key.map(Continuation) })
}

/// The session in that item; `None`: it is a service item.
fn listed(item: &Item) -> Result<Option<Listed>, LedgerError> {
    let Ok(lsid) = required(SORT_KEY, read_text(item, SORT_KEY)?)?.parse() else { return Ok(None) };
    // What cannot be read of an item that somebody has edited must hide no other.
    let moment = |name| read_moment(item, name).ok().flatten();
    Ok(Some(Listed {
        lsid,
        ended_at: moment(ENDED_AT),
        remembered: remembered(item),
        attention_at: moment(ATTENTION_AT),
        updated_at: moment(UPDATED_AT),
        fence: read_number(item, FENCE).ok().flatten().unwrap_or_default(),
        claims_without_outcome: read_number(item, CLAIMS_WITHOUT_OUTCOME).ok().flatten().unwrap_or_default(),
    }))
}
