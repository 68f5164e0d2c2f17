//! `doubt decide`, `shadow`, `forget`: what a person's word changes.

use delivery::{WriteId, WriteState};
use serde_json::json;
use session::RemoteId;

use crate::desk::{appliance, done, in_doubt, ledger, lsid, of, record, remember, run};

#[test]
fn persons_word_is_remembered_under_a_claim() {
    let appliance = appliance();
    remember(&appliance, &lsid(1), &record(1, &[("note.session", done(9001)), ("time.101", in_doubt())]));
    let decided = of(&appliance, &["doubt", "decide", "1", "time.101", "written", "--id", "77", "--yes", "--json"]);
    assert_eq!((decided.code, decided.json()), (0, json!({ "lsid": lsid(1), "write": "time.101", "sent": 0 })));
    let listed = run(ledger().session(&appliance, &lsid(1))).unwrap().unwrap();
    assert_eq!((listed.fence, listed.claims_without_outcome, listed.attention_at), (2, 0, None));
    let ledger::Remembered::Recorded(record) = listed.remembered else { panic!("it was recorded") };
    let id: WriteId = "time.101".parse().unwrap();
    assert!(matches!(record.writes[&id].state, WriteState::Done { id: RemoteId(77), found: true, .. }));

    let again = of(&appliance, &["doubt", "decide", "1", "time.101", "absent", "--yes"]);
    assert_eq!(again.code, 2, "it is decided: {again:?}");
    assert!(again.err.contains("not in doubt"), "{again:?}");
    assert_eq!(run(ledger().session(&appliance, &lsid(1))).unwrap().unwrap().fence, 2, "nothing was claimed");
}

#[test]
fn shadow_is_listed_shown_and_forgotten() {
    let appliance = appliance();
    let kept = json!([{ "write": "note.session", "ticket": "T20250318.0042", "heading": "Remote session 1", "text": "Hello\n\u{1b}[2Jthere" }]);
    run(ledger().keep_shadow(&appliance, &lsid(1), &kept, 30, "2030-03-18T14:27:00Z".parse().unwrap())).unwrap();
    let list = of(&appliance, &["shadow", "list", "--json"]).json();
    let row = json!({ "appliance": appliance, "lsid": lsid(1), "kept_at": "2030-03-18T14:27:00Z" });
    assert_eq!(list, json!({ "shadows": [row] }));
    let shown = of(&appliance, &["shadow", "show", lsid(1).as_str()]).out;
    assert_eq!(shown, "=== note.session on ticket T20250318.0042: Remote session 1\n  Hello\n   [2Jthere\n\n");
    assert_eq!(of(&appliance, &["forget", lsid(1).as_str(), "--yes"]).code, 0);
    assert_eq!(of(&appliance, &["shadow", "show", lsid(1).as_str()]).code, 3);
}
