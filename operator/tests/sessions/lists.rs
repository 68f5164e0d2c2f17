//! `sessions list`, `sessions show`, `why` and `replay --dry-run`.

use delivery::{Record, Unmatched};
use serde_json::{Value, json};
use session::ApplianceId;

use crate::desk::{appliance, done, in_doubt, lsid, of, record, refused, remember};

/// One appliance with five sessions, of which one has no end.
fn five() -> ApplianceId {
    let appliance = appliance();
    remember(&appliance, &lsid(1), &record(1, &[("note.session", done(9001))]));
    remember(&appliance, &lsid(2), &record(2, &[("note.session", done(9002)), ("time.101", refused("Invalid role"))]));
    remember(&appliance, &lsid(3), &record(3, &[("note.session", in_doubt())]));
    let mut unmatched = record(4, &[]);
    unmatched.target = None;
    unmatched.unmatched = Some(Unmatched::NoKey);
    unmatched.facts.as_mut().unwrap().technician = Some("asmith".to_owned());
    remember(&appliance, &lsid(4), &unmatched);
    remember(&appliance, &lsid(5), &Record { unmatched: Some(Unmatched::NoKey), ..Record::default() });
    appliance
}

fn listed(appliance: &ApplianceId, filters: &[&str]) -> Vec<String> {
    let list = of(appliance, &[&["sessions", "list", "--json"], filters].concat()).json();
    let lsids = list["sessions"].as_array().unwrap().iter();
    lsids.map(|session| session["lsid"].as_str().unwrap().trim_start_matches('0').to_owned()).collect()
}

#[test]
fn filters_combine() {
    let appliance = five();
    for (filters, expected) in [
        (&[][..], &["5", "4", "3", "2", "1"][..]),
        (&["--state", "refused,in_doubt"], &["3", "2"]),
        (&["--state", "unmatched"], &["5", "4"]),
        (&["--state", "unmatched", "--since", "2025-03-01"], &["4"]),
        (&["--state", "delivered"], &["1"]),
        (&["--ticket", "t20250318.0042", "--state", "refused"], &["2"]),
        (&["--ticket", "7001"], &["3", "2", "1"]),
        (&["--sequence", "3"], &["3"]),
        (&["--technician", "SMITH"], &["4"]),
        (&["--sentence", "invalid ROLE"], &["2"]),
        (&["--since", "2025-03-18T13:29:20Z", "--until", "2025-03-18T13:30:20Z"], &["3", "2"]),
        (&["--until", "2025-03-17"], &[]),
        (&["--limit", "2"], &["5", "4"]),
    ] {
        assert_eq!(listed(&appliance, filters), expected, "{filters:?}");
    }
}

#[test]
fn list_goes_on_where_it_ended() {
    let appliance = five();
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut filters = vec!["--limit", "2"];
        if let Some(after) = &after {
            filters.extend(["--after", after]);
        }
        seen.push(listed(&appliance, &filters));
        let next = of(&appliance, &[&["sessions", "list", "--json"], &filters[..]].concat()).json()["next"].clone();
        let Value::String(next) = next else { break };
        after = Some(next);
    }
    assert_eq!(seen, [vec!["5", "4"], vec!["3", "2"], vec!["1"]]);
}

#[test]
fn json_has_the_members_that_others_build_on() {
    let appliance = five();
    let list = of(&appliance, &["sessions", "list", "--json", "--sequence", "2"]);
    assert_eq!(list.code, 1, "it needs a person");
    let expected = json!({ "sessions": [{
        "appliance": appliance, "lsid": lsid(2), "sequence": 2, "ended_at": "2025-03-18T13:29:20Z", "ticket": "T20250318.0042",
        "technician": "jmueller", "state": "refused", "attention": "refused", "since": "2030-03-18T14:27:00Z",
        "next_attempt_at": null, "waiting_for": null, "writes": [
            { "id": "note.session", "state": "done", "remote_id": 9002, "sentence": null, "attempts": 1 },
            { "id": "time.101", "state": "refused", "remote_id": null, "sentence": "Invalid role", "attempts": 1 },
        ],
    }], "next": null });
    assert_eq!(list.json(), expected);
}

#[test]
fn table_and_sheet_are_as_people_read_them() {
    let appliance = five();
    let (table, sheet) = (of(&appliance, &["sessions", "list"]).out, of(&appliance, &["sessions", "list", "--csv"]).out);
    // An appliance id of a test is always as long.
    insta::assert_snapshot!(format!("{table}\n{sheet}").replace(appliance.as_str(), "test_appliance_______"));
}

#[test]
fn session_is_found_by_lsid_sequence_and_ticket() {
    let appliance = five();
    for (name, count) in [(lsid(2).as_str(), 1), ("2", 1), ("T20250318.0042", 3), ("7001", 3)] {
        for command in [&["sessions", "show", name][..], &["why", name]] {
            let told = of(&appliance, command);
            assert_eq!(told.out.matches("(appliance test_").count(), count, "{command:?}: {told:?}");
        }
    }
    assert_eq!(of(&appliance, &["why", "1"]).code, 0, "nothing to do");
    assert_eq!(of(&appliance, &["why", "2"]).code, 1, "it needs a person");
}

#[test]
fn dry_run_counts_and_sends_nothing() {
    let appliance = five();
    let run = of(&appliance, &["replay", "--state", "refused,unmatched", "--dry-run", "--json"]);
    assert_eq!((run.code, run.json()), (0, json!({ "matched": 3, "sent": 0, "results": [] })));
    let twice = of(&appliance, &["replay", "2", lsid(2).as_str(), "--dry-run", "--json"]);
    assert_eq!(twice.json()["matched"], 1, "named twice");
}
