//! What one event after another does to a ticket, told as behaviours: the delivery in a small world moved by hand.
//!
//! Each test says what its neighbours answer and looks at the ticket afterwards. For what happens when everything goes
//! wrong at once, see the simulation.
#![allow(clippy::unwrap_used, reason = "tests")]

mod creation;
mod customer_note;
mod cut_over;
mod ends;
mod gate;
mod modes;
mod once;
mod overlap;
mod redaction;
mod refusals;
mod replays;
mod sample;
mod surveys;
mod switched_off;
mod tickets;
mod unknown;
mod waiting;
mod world;
