//! What `make deploy` refuses before it asks AWS: settings that would lock an appliance out, or fail after minutes.

use std::path::{Path, PathBuf};
use std::process::Command;

const HASH: &str = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";
const HASH_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra")
}

/// What `deploy.py` says of a settings file with these lines; nothing if it takes it.
fn objection(lines: &str) -> String {
    let file = std::env::temp_dir().join(format!("settings-{:032x}.yaml", fastrand::u128(..)));
    std::fs::write(&file, lines).unwrap();
    let script = "import sys, pathlib, deploy\ntry: deploy.check_settings(pathlib.Path(sys.argv[1]))\nexcept deploy.Stopped as stopped: print(stopped)";
    let output = Command::new("python3")
        .arg("-c")
        .arg(script)
        .arg(&file)
        .env("PYTHONPATH", infra())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output();
    std::fs::remove_file(&file).unwrap();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn objection_to_tokens(tokens: &str) -> String {
    objection(&format!("# A comment\nApplianceTokens: \"{tokens}\"\nAlarmEmail: \"none\"\n"))
}

#[test]
fn appliance_without_the_hash_of_a_token_is_refused_and_named() {
    for bad in ["acme=", "acme", "acme=the-token-itself", &format!("acme={HASH_OF_NOTHING}"), &format!("acme={HASH}0")] {
        let objection = objection_to_tokens(&format!("default={HASH},{bad}"));
        assert!(objection.contains("acme") && !objection.contains("the-token-itself"), "{bad}: {objection}");
    }
    assert_eq!(objection_to_tokens(&format!("default={HASH},acme={HASH}")), "");
}

#[test]
fn id_that_the_template_would_refuse_is_refused_at_once() {
    assert!(!objection_to_tokens(&format!("{}={HASH}", "a".repeat(61))).is_empty());
    assert!(!objection_to_tokens(&format!("a-b={HASH}")).is_empty());
    assert!(!objection_to_tokens("").is_empty());
    assert_eq!(objection_to_tokens(&format!("{}={HASH}", "a".repeat(60))), "");
}

#[test]
fn business_hours_of_no_length_or_no_zone_are_refused() {
    let objection = |hours: &str| objection(&format!("ApplianceTokens: default={HASH}\nBusinessHours: '{hours}'\n"));
    for bad in ["Mon-Fri", "Mon-Fri 08:00-08:00 UTC", "Mon-Fri 8:00-18:00 UTC"] {
        assert!(objection(bad).contains("BusinessHours"), "{bad}");
    }
    for good in ["off", "Mon-Fri 08:00-18:00 UTC", "Sun-Thu 22:00-06:00 UTC"] {
        assert_eq!(objection(good), "", "{good}");
    }
}
