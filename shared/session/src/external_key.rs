//! Which ticket an external key names.
