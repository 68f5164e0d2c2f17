//! What sessions cost in money, from what was measured and the public prices of the date below, beside what the stack costs when
//! nothing happens and what the old server costs.
//!
//! Prices are on-demand ones without any free tier. No prices are fetched: they are looked up by a person, and dated.

use std::error::Error;
use std::fs;
use std::path::Path;

use crate::figures::table;

/// When and where the prices were valid.
const PRICES: &str = "us-east-1, arm64, November 2026, US dollars, no free tier";

/// One price: what for, its unit as AWS states it, dollars, and whether a source other than memory said so.
struct Price {
    what: &'static str,
    unit: &'static str,
    dollars: f64,
    source: &'static str,
}

const LAMBDA_TIME: Price = price("Lambda, arm64", "GB-second", 0.000_013_333_4, SECOND_HAND);
const LAMBDA_REQUESTS: Price = price("Lambda", "1 million requests", 0.20, SECOND_HAND);
const SQS_FIFO: Price = price("SQS FIFO", "1 million requests (64 KiB each)", 0.50, SECOND_HAND);
const DYNAMODB_WRITES: Price = price("DynamoDB on demand, Standard", "1 million write request units (1 KB)", 0.625, SECOND_HAND);
const DYNAMODB_READS: Price = price("DynamoDB on demand, Standard", "1 million read request units (4 KB)", 0.125, SECOND_HAND);
const DYNAMODB_STORAGE: Price = price("DynamoDB storage, Standard", "GB-month", 0.25, UNCONFIRMED);
const DYNAMODB_RECOVERY: Price = price("DynamoDB point-in-time recovery", "GB-month", 0.20, UNCONFIRMED);
const SECRETS: Price = price("Secrets Manager", "secret-month", 0.40, SECOND_HAND);
const SECRET_CALLS: Price = price("Secrets Manager", "10,000 calls", 0.05, SECOND_HAND);
const LOGS: Price = price("CloudWatch Logs, Standard", "GB ingested", 0.50, UNCONFIRMED);
const METRICS: Price = price("CloudWatch custom metric", "metric-month, first 10,000", 0.30, UNCONFIRMED);
const ALARMS: Price = price("CloudWatch alarm, standard resolution", "alarm metric-month", 0.10, UNCONFIRMED);
const DASHBOARDS: Price = price("CloudWatch dashboard", "dashboard-month", 3.00, UNCONFIRMED);
const KEYS: Price = price("KMS, customer managed key", "key-month", 1.00, UNCONFIRMED);
const WINDOWS: Price = price("EC2 t3.medium, Windows, on demand", "hour", 0.060, UNCONFIRMED);
const DISK: Price = price("EBS gp3", "GB-month", 0.08, UNCONFIRMED);
const SNAPSHOTS: Price = price("EBS snapshots, Standard", "GB-month", 0.05, UNCONFIRMED);

const SECOND_HAND: &str = "quoted by others in 2025 and 2026";
const UNCONFIRMED: &str = "from memory; not confirmed offline";

const fn price(what: &'static str, unit: &'static str, dollars: f64, source: &'static str) -> Price {
    Price { what, unit, dollars, source }
}

const ALL: [&Price; 17] = [
    &LAMBDA_TIME,
    &LAMBDA_REQUESTS,
    &SQS_FIFO,
    &DYNAMODB_WRITES,
    &DYNAMODB_READS,
    &DYNAMODB_STORAGE,
    &DYNAMODB_RECOVERY,
    &SECRETS,
    &SECRET_CALLS,
    &LOGS,
    &METRICS,
    &ALARMS,
    &DASHBOARDS,
    &KEYS,
    &WINDOWS,
    &DISK,
    &SNAPSHOTS,
];

const HOURS_PER_MONTH: f64 = 730.0;
const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
/// The old server: its disk, and what daily snapshots of it keep, in GB.
const SERVER_DISK_GB: f64 = 50.0;

/// What one session takes. All figures are of one session; what an event takes, for all its events.
pub(crate) struct Usage {
    /// Outbound events that reach the receiver: an end, and what else the appliance is told to send.
    pub(crate) receiver_calls: f64,
    /// Of each call, as Lambda rounds it.
    pub(crate) receiver_billed_milliseconds: f64,
    pub(crate) receiver_memory_megabytes: f64,
    pub(crate) worker_calls: f64,
    /// Of each call, the waiting for the neighbours included.
    pub(crate) worker_billed_milliseconds: f64,
    pub(crate) worker_memory_megabytes: f64,
    /// Sends, receives, deletes and changes of visibility; also those of the event source mapping.
    pub(crate) sqs_requests: f64,
    pub(crate) dynamodb_write_units: f64,
    pub(crate) dynamodb_read_units: f64,
    /// What the ledger keeps of it, and for how long.
    pub(crate) ledger_bytes: f64,
    pub(crate) ledger_days: f64,
    pub(crate) secret_calls: f64,
    pub(crate) log_bytes: f64,
}

/// What a stack has whether or not anything happens.
pub(crate) struct Stack {
    pub(crate) alarms: usize,
    pub(crate) dashboards: usize,
    pub(crate) keys: usize,
    /// Combinations of name and dimensions that were seen in a month. Those that are written once count as much as any.
    pub(crate) custom_metrics: usize,
    /// One per appliance.
    pub(crate) secrets: usize,
}

impl Stack {
    /// Counts what `infra/template.yaml` holds. Metrics and secrets are not there.
    ///
    /// # Errors
    ///
    /// If the template cannot be read.
    pub(crate) fn of_template(template: &Path, custom_metrics: usize, secrets: usize) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(template).map_err(|error| format!("{}: {error}", template.display()))?;
        let count = |kind: &str| text.lines().filter(|line| line.trim() == format!("Type: {kind}")).count();
        Ok(Self {
            alarms: count("AWS::CloudWatch::Alarm"),
            dashboards: count("AWS::CloudWatch::Dashboard"),
            keys: count("AWS::KMS::Key"),
            custom_metrics,
            secrets,
        })
    }

    fn monthly(&self) -> [(String, f64); 5] {
        let line = |count: usize, what: &str, price: &Price| (format!("{count} {what}"), count as f64 * price.dollars);
        [
            line(self.alarms, "alarms", &ALARMS),
            line(self.custom_metrics, "custom metrics", &METRICS),
            line(self.dashboards, "dashboard", &DASHBOARDS),
            line(self.keys, "key", &KEYS),
            line(self.secrets, "secret (one per appliance)", &SECRETS),
        ]
    }
}

impl Usage {
    /// Dollars for one session, by service.
    fn dollars(&self) -> [(&'static str, f64); 6] {
        let million = 1e6;
        let gigabyte_seconds = (self.receiver_calls * self.receiver_billed_milliseconds * self.receiver_memory_megabytes
            + self.worker_calls * self.worker_billed_milliseconds * self.worker_memory_megabytes)
            / 1000.0
            / 1024.0;
        let requests = (self.receiver_calls + self.worker_calls) / million;
        let kept = self.ledger_bytes / GIB * self.ledger_days * 24.0 / HOURS_PER_MONTH;
        [
            ("Lambda, time", gigabyte_seconds * LAMBDA_TIME.dollars),
            ("Lambda, requests", requests * LAMBDA_REQUESTS.dollars),
            ("SQS", self.sqs_requests / million * SQS_FIFO.dollars),
            (
                "DynamoDB, with what it keeps",
                self.dynamodb_write_units / million * DYNAMODB_WRITES.dollars
                    + self.dynamodb_read_units / million * DYNAMODB_READS.dollars
                    + kept * (DYNAMODB_STORAGE.dollars + DYNAMODB_RECOVERY.dollars),
            ),
            ("Secrets Manager, calls", self.secret_calls / 10_000.0 * SECRET_CALLS.dollars),
            ("CloudWatch Logs", self.log_bytes / GIB * LOGS.dollars),
        ]
    }
}

/// All tables in Markdown.
pub(crate) fn tables(usage: &Usage, stack: &Stack) -> String {
    let dollars = usage.dollars();
    let total: f64 = dollars.iter().map(|(_, dollars)| dollars).sum();
    let row = |name: &str, one: f64| vec![name.to_owned(), format!("${:.4}", one * 1e3), format!("${:.2}", one * 1e6)];
    let mut rows: Vec<_> = dollars.iter().map(|(name, one)| row(name, *one)).collect();
    rows.push(row("**all**", total));
    let sessions = table(&["sessions", "1,000", "1,000,000"], &rows);

    let fixed: f64 = stack.monthly().iter().map(|(_, dollars)| dollars).sum();
    let monthly = |name: &str, dollars: f64| vec![name.to_owned(), format!("${dollars:.2}")];
    let mut rows: Vec<_> = stack.monthly().iter().map(|(name, dollars)| monthly(name, *dollars)).collect();
    rows.push(monthly("**this stack, at rest**", fixed));
    let server = [
        ("old server: t3.medium with Windows, on demand", WINDOWS.dollars * HOURS_PER_MONTH),
        ("its disk, 50 GB gp3", SERVER_DISK_GB * DISK.dollars),
        ("snapshots of 50 GB", SERVER_DISK_GB * SNAPSHOTS.dollars),
    ];
    rows.extend(server.iter().map(|(name, dollars)| monthly(name, *dollars)));
    rows.push(monthly("**old server**", server.iter().map(|(_, dollars)| dollars).sum()));
    rows.push(vec![
        "hours for patches and restarts, the licence of the old engine, a second server for when it is down".to_owned(),
        "not priced".to_owned(),
    ]);
    let months = table(&["each month", "dollars"], &rows);

    let rows: Vec<_> = ALL
        .iter()
        .map(|price| vec![price.what.to_owned(), price.unit.to_owned(), format!("${}", price.dollars), price.source.to_owned()])
        .collect();
    let prices = table(&["price", "unit", "dollars", "source"], &rows);
    format!("{sessions}\n{months}\nPrices: {PRICES}.\n\n{prices}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn usage() -> Usage {
        Usage {
            receiver_calls: 1.0,
            receiver_billed_milliseconds: 10.0,
            receiver_memory_megabytes: 512.0,
            worker_calls: 1.0,
            worker_billed_milliseconds: 1_990.0,
            worker_memory_megabytes: 512.0,
            sqs_requests: 3.0,
            dynamodb_write_units: 4.0,
            dynamodb_read_units: 2.0,
            ledger_bytes: 0.0,
            ledger_days: 400.0,
            secret_calls: 0.0,
            log_bytes: 0.0,
        }
    }

    #[test]
    fn each_session_is_charged_for_what_it_takes() {
        let dollars = usage().dollars().map(|(_, dollars)| dollars);
        let expected = [1.333_34e-5, 4e-7, 1.5e-6, 2.75e-6, 0.0, 0.0];
        for (dollars, expected) in dollars.into_iter().zip(expected) {
            assert!((dollars - expected).abs() < 1e-12, "{dollars} is not {expected}");
        }
    }

    #[test]
    fn what_is_kept_is_charged_by_the_month() {
        let kept = Usage {
            ledger_bytes: GIB,
            ledger_days: 730.0 / 24.0,
            dynamodb_write_units: 0.0,
            dynamodb_read_units: 0.0,
            ..usage()
        };
        assert!((kept.dollars()[3].1 - 0.45).abs() < 1e-9);
    }

    #[test]
    fn stack_is_counted_from_its_template() {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
        let stack = Stack::of_template(&template, 12, 1).unwrap();
        assert!(stack.alarms > 0 && stack.dashboards == 1);
    }
}
