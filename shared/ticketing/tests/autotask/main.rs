//! The Autotask client against real HTTP: against a simulated tenant, which knows the vendor's rules (`reading`, `writing`,
//! `finding`, `faults`), and against a scripted server, which shows what exactly is sent and says what no tenant would (`wire`).

#![allow(clippy::unwrap_used, reason = "tests")]

mod activity;
mod creating;
mod faults;
mod finding;
mod fixtures;
mod reading;
mod rights;
mod scripted;
mod suggesting;
mod wire;
mod writing;
