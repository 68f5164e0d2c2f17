//! What both simulators stand on: the listener whose connections can be broken, tenants by path, faults on demand, the call
//! log and the clock. Nothing here knows a vendor; a vendor is a [`gateway::Vendor`].

pub(crate) mod calls;
pub(crate) mod clock;
pub(crate) mod exchange;
pub(crate) mod fault;
pub(crate) mod gateway;
pub(crate) mod merge;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod over_http;
pub(crate) mod server;
pub(crate) mod wire;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after another call has panicked: one broken test must not break the tests that share the process.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
