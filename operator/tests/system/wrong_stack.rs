//! No command does anything where the stack is not: each says what is wrong, and what to do.

use crate::harness::Desk;

/// Every command that needs a stack; those that could change something are told not to ask.
const COMMANDS: [&[&str]; 25] = [
    &["connection", "put", "default", "events/connection/minimal.json"],
    &["connection", "show", "default"],
    &["connection", "mode", "default", "hold"],
    &["connection", "test", "default"],
    &["links", "default"],
    &["session-key", "default", "--ticket", "7001", "--for", "general"],
    &["sessions", "list"],
    &["sessions", "show", "48213"],
    &["why", "48213"],
    &["replay", "48213", "--yes"],
    &["backfill", "default", "--from", "1h", "--yes"],
    &["backfill", "list"],
    &["backfill", "cancel", "day", "--yes"],
    &["statement"],
    &["statement", "default"],
    &["deadletters", "list"],
    &["deadletters", "drop", "--all", "--yes"],
    &["quarantine", "list"],
    &["unmatched", "list"],
    &["unmatched", "suggest", "48213"],
    &["unmatched", "assign", "48213", "7001", "--yes"],
    &["doubt", "decide", "48213", "note.session", "absent", "--yes"],
    &["shadow", "list"],
    &["shadow", "diff", "7d1f0c52"],
    &["forget", "7d1f0c52", "--yes"],
];

#[tokio::test]
async fn each_command_says_that_the_stack_is_another_one() {
    let desk = Desk::new();
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/connection/minimal.json");
    for command in COMMANDS {
        let command: Vec<&str> =
            command.iter().map(|argument| if argument.ends_with(".json") { document } else { argument }).collect();
        let ran = desk.run(&[&command, &["--stack", "nowhere"][..]].concat()).await;
        assert_eq!(ran.code, 3, "{command:?}: {ran:?}");
        assert!(
            ran.err.starts_with("error: there is no stack nowhere in ") && ran.err.contains("--stack"),
            "{command:?}: {ran:?}"
        );
        assert_eq!(ran.out, "", "{command:?}");
    }
}

#[tokio::test]
async fn token_can_be_made_before_the_first_deployment_and_not_beside_a_stack_that_cannot_be_read() {
    let desk = Desk::new();
    let first = desk.run(&["token", "new", "default", "--stack", "nowhere"]).await;
    assert!(first.code == 0 && first.out.contains("make deploy STACK=nowhere"), "{first:?}");
    let nobody = [("AWS_ENDPOINT_URL", "http://127.0.0.1:1")];
    let unread = desk.run_with(&["token", "new", "default"], &nobody).await;
    assert!(unread.code == 3 && unread.out.is_empty() && unread.err.contains("cannot be reached"), "{unread:?}");
}

#[tokio::test]
async fn account_that_nobody_answers_for_or_nobody_is_signed_in_to_is_told() {
    let desk = Desk::new();
    let unreached = desk.run_with(&["statement", "default"], &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]).await;
    assert!(unreached.code == 3 && unreached.err.contains("look at the network"), "{unreached:?}");
    let unknown = desk.run_with(&["statement", "default"], &[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]).await;
    assert!(unknown.code == 3 && unknown.err.contains("sign in"), "{unknown:?}");
}
