//! What the commands do, as functions that take and give values.

pub(crate) mod appliances;
pub(crate) mod authority;
pub(crate) mod backfill;
pub(crate) mod changes;
pub(crate) mod document;
pub(crate) mod draft;
pub(crate) mod json_text;
pub(crate) mod links;
pub(crate) mod migration;
pub(crate) mod poller;
pub(crate) mod preview;
pub(crate) mod replay;
pub(crate) mod rights;
pub(crate) mod session_key;
pub(crate) mod sessions;
pub(crate) mod set_aside;
pub(crate) mod shadow_diff;
pub(crate) mod statement;
pub(crate) mod story;
pub(crate) mod suggest;
pub(crate) mod token;
pub(crate) mod vault;
