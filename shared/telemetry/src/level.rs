//! The levels of severity that a deployment can choose between. Their order is that of `tracing`: the most severe is the least.

use tracing::Level;

/// What [`level_named`] takes, for the error about anything else.
pub const LEVELS_EXPECTED: &str = "error, warn, info or debug";

/// The level of that name, spelt as the template's parameter `LogLevel` spells it; `None` for any other. There is no `trace`: what
/// the libraries say there holds whole requests.
#[must_use]
pub fn level_named(name: &str) -> Option<Level> {
    match name {
        "error" => Some(Level::ERROR),
        "warn" => Some(Level::WARN),
        "info" => Some(Level::INFO),
        "debug" => Some(Level::DEBUG),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_template_from_the_most_severe_down() {
        let levels = ["error", "warn", "info", "debug"].map(level_named);
        assert_eq!(levels, [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG].map(Some));
        assert!(levels.is_sorted());
        for other in ["", "trace", "INFO", "verbose"] {
            assert_eq!(level_named(other), None, "{other}");
        }
    }
}
