//! Session keys for tickets, made on the simulated appliance.

use serde_json::{Value, json};

use crate::harness::{Desk, Ran, TICKET, now};

async fn made(desk: &Desk, more: &[&str]) -> Ran {
    desk.run(&[&["session-key", desk.id.as_str(), "--ticket", TICKET], more].concat()).await
}

async fn keys(desk: &Desk) -> Vec<Value> {
    desk.appliance.state().await["session_keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn key_carries_the_ticket_and_waits_for_whom_it_is_told() {
    let desk = Desk::connected(json!({})).await;
    desk.appliance.settings(json!({ "somebody_available": true })).await;
    for (whom, queue) in [
        ("rep:dwhitfield", "rep_username:dwhitfield"),
        ("team:4", "team:4"),
        ("team:field service", "team:9"),
        ("general", "general"),
        ("issue:printer", "issue:printer"),
    ] {
        let ran = made(&desk, &["--for", whom, "--minutes", "30", "--json"]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let told = ran.json();
        let key = keys(&desk).await.pop().unwrap();
        assert_eq!((&key["queue"], &key["external_key"], &key["short_key"]), (&json!(queue), &json!(TICKET), &told["key"]));
        let members: Vec<&String> = told.as_object().unwrap().keys().collect();
        assert_eq!(members, ["available", "expires_at", "key", "mail_body", "mail_subject", "url"]);
        assert!(told["mail_body"].as_str().unwrap().contains(told["url"].as_str().unwrap()) && told["available"] == true);
        let expires_at: jiff::Timestamp = told["expires_at"].as_str().unwrap().parse().unwrap();
        let left = expires_at.duration_since(now()).as_mins();
        assert!((27..=30).contains(&left), "{left}");
    }
}

#[tokio::test]
async fn key_for_whom_nobody_waits_is_made_with_a_warning() {
    let desk = Desk::connected(json!({})).await;
    let ran = made(&desk, &["--for", "general"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let key = keys(&desk).await.pop().unwrap()["short_key"].as_str().unwrap().to_owned();
    assert!(ran.out.contains(&format!("Key      {key}\n")) && ran.out.contains("Remote Support Invitation"), "{ran:?}");
    assert!(ran.err.contains("nobody is there"), "{ran:?}");
}

#[tokio::test]
async fn key_is_refused_with_what_to_do_and_none_is_made() {
    let desk = Desk::connected(json!({})).await;
    desk.appliance.settings(json!({ "logins": ["dwhitfield"] })).await;
    let failures = [
        (made(&desk, &["--for", "rep:nobody"]).await, 3, "exactly one"),
        (made(&desk, &["--for", "team:Sales"]).await, 2, "Service Desk, Field Service"),
        (made(&desk, &["--for", "somebody"]).await, 2, "rep:<user name>"),
        (made(&desk, &["--for", "general", "--minutes", "0"]).await, 2, "1..=43200"),
        (desk.run(&["session-key", &desk.id, "--ticket", "T20990101.0001", "--for", "general"]).await, 3, "no such ticket"),
        (desk.run(&["session-key", &desk.id, "--ticket", "soon", "--for", "general"]).await, 2, "is no ticket"),
        (desk.run(&["session-key", "unheard_of", "--ticket", TICKET, "--for", "general"]).await, 3, "knows no appliance"),
    ];
    for (ran, code, said) in failures {
        assert!(ran.code == code && ran.err.contains(said), "{said}: {ran:?}");
    }
    desk.appliance.settings(json!({ "may_command": "read_only" })).await;
    let ran = made(&desk, &["--for", "general"]).await;
    assert!(ran.code == 3 && ran.err.contains("Command API: Full Access"), "{ran:?}");
    assert_eq!(keys(&desk).await, [Value::Null; 0]);
}
