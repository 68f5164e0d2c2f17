//! Which appliances a command is about.

use session::ApplianceId;

use crate::failure::Failure;

/// The appliance of that name, else all that the stack's parameter `ApplianceTokens` names (`tokens`, as it was deployed).
///
/// # Errors
///
/// When the name is none, or there is no appliance at all.
pub(crate) fn meant(name: Option<&str>, tokens: &str) -> Result<Vec<ApplianceId>, Failure> {
    if let Some(name) = name {
        let id = name.parse().map_err(|_| {
            Failure::usage(format!("{name:?} is not an appliance id"), "1 to 60 letters, digits, dots and underscores")
        })?;
        return Ok(vec![id]);
    }
    let known = known(tokens);
    if known.is_empty() {
        let hint = "register one with: session-bridge token new <appliance>, or name it with --appliance";
        return Err(Failure::refused("the stack knows no appliance", hint));
    }
    Ok(known)
}

/// The appliances that the parameter names, each once.
pub(crate) fn known(tokens: &str) -> Vec<ApplianceId> {
    let names = tokens.split(',').filter_map(|item| item.split_once('=')).map(|(name, _)| name.trim());
    let mut known: Vec<ApplianceId> = names.filter_map(|name| name.parse().ok()).collect();
    known.sort();
    known.dedup();
    known
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn appliances_are_those_of_the_parameter_each_once() {
        assert_eq!(known("acme=12,default=34, acme=56,=7,b d=8"), ["acme", "default"].map(|name| name.parse().unwrap()));
        assert!(known("").is_empty());
    }

    #[test]
    fn named_appliance_counts_alone_and_must_be_one() {
        assert_eq!(meant(Some("Acme"), "default=1").unwrap(), ["acme".parse().unwrap()]);
        assert!(matches!(meant(Some("a/b"), ""), Err(Failure::Usage { .. })));
        assert!(matches!(meant(None, ""), Err(Failure::Refused { .. })));
    }
}
