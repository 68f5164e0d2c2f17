//! What cannot be meant, and what cannot be reached: the exit code, and what to do next.

use crate::desk::{appliance, lsid, of, program, program_at, record, remember};

#[test]
fn what_cannot_be_meant_is_said_before_anybody_is_asked() {
    for arguments in [
        &["sessions", "list", "--since", "yesterday"][..],
        &["sessions", "list", "--since", "2025-03-19", "--until", "2025-03-18"],
        &["sessions", "list", "--state", "lost"],
        &["sessions", "list", "--after", "x"],
        &["sessions", "list", "--limit", "0"],
        &["sessions", "list", "--appliance", "a/b"],
        &["replay"],
        &["replay", "ab", "--state", "refused"],
        &["deadletters", "drop"],
        &["doubt", "decide", "ab", "note.other", "absent"],
        &["doubt", "decide", "ab", "note.session", "absent", "--id", "7"],
        &["unmatched", "assign", "ab", "no ticket"],
        &["shadow", "show", "a b"],
        &["forget", ""],
        &["backfill", "default"],
        &["backfill", "default", "--from", "91d"],
        &["backfill", "default", "--from", "1d", "--to", "2d"],
        &["backfill", "default", "--from", "yesterday"],
        &["backfill", "cancel", "B_1"],
    ] {
        // Nobody listens there.
        let ran = program_at("http://127.0.0.1:9", arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn unknown_session_appliance_and_stack_are_refused_with_what_to_do_next() {
    let known = appliance();
    remember(&known, &lsid(1), &record(1, &[]));
    for (ran, hint) in [
        (of(&known, &["why", "ffffffff"]), "sessions list shows"),
        (program(&["why", "ffffffff"]), "sessions list shows"),
        (program(&["sessions", "list", "--appliance", "nobody"]), "it knows: default"),
        (program(&["sessions", "list", "--stack", "nothing"]), "--stack"),
        (program_at("http://127.0.0.1:9", &["sessions", "list"]), "look at the network"),
        (program(&["forget", lsid(9).as_str()]), "shadow list"),
        (program(&["deadletters", "show", "none"]), "deadletters list"),
    ] {
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
        assert!(ran.err.contains(hint), "{hint}: {ran:?}");
    }
}

#[test]
fn nothing_is_changed_unasked() {
    let appliance = appliance();
    remember(&appliance, &lsid(1), &record(1, &[]));
    for arguments in [&["replay", "1"][..], &["deadletters", "drop", "--all"], &["quarantine", "drop", "--all"]] {
        let ran = of(&appliance, arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("--yes"), "{ran:?}");
    }
}
