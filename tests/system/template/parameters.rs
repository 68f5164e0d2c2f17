//! What the parameters take: nothing that the functions could not use, as far as a pattern can say.

use regex_lite::Regex;
use worker::business_hours::{BusinessHours, InvalidHours};

use crate::template;

const HASH: &str = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";

/// Whether CloudFormation takes that value (or item of a list): its patterns are about the whole of it.
fn takes(parameter: &str, value: &str) -> bool {
    let pattern = template()["Parameters"][parameter]["AllowedPattern"].as_str().unwrap().to_owned();
    Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(value)
}

#[test]
fn appliance_without_a_hash_is_refused() {
    assert!(!takes("ApplianceTokens", "default="));
    assert!(!takes("ApplianceTokens", "default"));
    assert!(!takes("ApplianceTokens", &format!("={HASH}")));
    assert!(!takes("ApplianceTokens", &format!("default={}", &HASH[1..])));
    assert!(!takes("ApplianceTokens", &format!("{}={HASH}", "a".repeat(61))));
    assert!(takes("ApplianceTokens", &format!("default={HASH}")));
    assert!(takes("ApplianceTokens", &format!("{}={HASH}", "a".repeat(session::ApplianceId::LENGTH_MAX))));
}

#[test]
fn business_hours_are_refused_unless_the_worker_can_read_them() {
    for days in ["Mon-Fri", "Sun", "Sat-Mon", "Mo-Fr", "Mon-Fri-Sun", "mon"] {
        for hours in
            ["08:00-18:00", "22:00-06:00", "00:00-24:00", "8:00-18:00", "24:00-08:00", "08:00-24:30", "08:60-18:00", "0800-1800"]
        {
            for zone in ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "", "Europe Berlin"] {
                let text = format!("{days} {hours} {zone}");
                assert_eq!(takes("BusinessHours", &text), text.parse::<BusinessHours>().is_ok(), "{text}");
            }
        }
    }
    assert!(takes("BusinessHours", "off"));
    // What a pattern cannot say, the worker tells as it would tell of silence.
    for (text, wrong) in
        [("Mon-Fri 08:00-18:00 Europe/Bonn", InvalidHours::Zone), ("Mon-Fri 08:00-08:00 Europe/Berlin", InvalidHours::Hours)]
    {
        assert!(takes("BusinessHours", text));
        assert_eq!(text.parse::<BusinessHours>(), Err(wrong));
    }
}

#[test]
fn public_function_has_a_reservation_unless_somebody_decides_against_it() {
    let template = template();
    assert_eq!(template["Parameters"]["ReceiverConcurrency"]["Default"], "10");
    assert!(takes("ReceiverConcurrency", "none") && takes("ReceiverConcurrency", "") && takes("ReceiverConcurrency", "0"));
    assert!(!takes("ReceiverConcurrency", "-1") && !takes("ReceiverConcurrency", "any"));
}

#[test]
fn key_of_the_secrets_is_named_by_the_arn_of_a_key() {
    assert!(takes("ConnectionKeyArn", ""));
    assert!(takes("ConnectionKeyArn", "arn:aws:kms:eu-central-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"));
    assert!(!takes("ConnectionKeyArn", "arn:aws:kms:eu-central-1:123456789012:alias/secrets"));
    assert!(!takes("ConnectionKeyArn", "*"));
}
