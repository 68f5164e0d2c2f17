//! Whose time a session is, and how long.
