//! Where the table is, and a ledger on it for each test.

use aws::{Environment, Timeouts};
use aws_sdk_dynamodb::Client;
use delivery::{Facts, Record, Write, WriteId, WriteState};
use jiff::Timestamp;
use ledger::{Ledger, Nonce};
use session::{ApplianceId, Lsid, RemoteId};
use simulators::LocalSystem;

pub(crate) const RETENTION_DAYS: u32 = 400;

pub(crate) fn system() -> &'static LocalSystem {
    LocalSystem::get()
}

/// A client that reaches the table at that endpoint, with the credentials of nobody: the local AWS asks for none.
pub(crate) fn client_at(endpoint: &str) -> Client {
    let environment = Environment::from_variables(|variable| {
        Some(match variable {
            "AWS_REGION" => system().region.clone(),
            "AWS_ENDPOINT_URL" => endpoint.to_owned(),
            _ => "local".to_owned(),
        })
    });
    Client::new(&environment.unwrap().sdk_config(&Timeouts::WORKER))
}

pub(crate) fn client() -> Client {
    client_at(&system().endpoint)
}

pub(crate) fn ledger() -> Ledger {
    ledger_at(&system().endpoint)
}

pub(crate) fn ledger_at(endpoint: &str) -> Ledger {
    Ledger::new(client_at(endpoint), &system().ledger_table, RETENTION_DAYS)
}

/// An appliance that no other test knows.
pub(crate) fn appliance() -> ApplianceId {
    format!("test_{:016x}", fastrand::u64(..)).parse().unwrap()
}

pub(crate) fn lsid() -> Lsid {
    "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap()
}

pub(crate) fn nonce() -> Nonce {
    Nonce::new(fastrand::u128(..))
}

/// In the future of the tests, so that the table does not remove what they write.
pub(crate) fn now() -> Timestamp {
    "2030-03-18T14:27:00.5Z".parse().unwrap()
}

/// Something to record, as a delivery would: nested, with texts, numbers and absent values.
pub(crate) fn state(phase: &str) -> Record {
    let facts = Facts { sequence: Some(48_213), technician: Some(phase.to_owned()), ..Facts::default() };
    let note = Write::of(WriteState::Done { id: RemoteId(1), at: now(), found: false });
    Record { facts: Some(facts), writes: [(WriteId::SessionNote, note)].into(), ..Record::default() }
}

/// The same, of a session that a person should look at.
pub(crate) fn refused(phase: &str) -> Record {
    let refused = Write::of(WriteState::Refused { sentence: "Invalid role".into(), at: now() });
    Record { writes: [(WriteId::SessionNote, refused)].into(), ..state(phase) }
}
