//! `connection new` and `token new`, answered beforehand: nobody is at the terminal here.

use serde_json::{Value, json};

use crate::harness::{Desk, Ran, SECRETS};

const SECRET_VARIABLES: [(&str, &str); 3] = [
    ("SESSION_BRIDGE_CLIENT_SECRET", "appliance-secret"),
    ("SESSION_BRIDGE_AUTOTASK_SECRET", "autotask-secret$#"),
    ("SESSION_BRIDGE_INTEGRATION_CODE", "TRACKINGIDENTIFIER000000001"),
];

/// Everything answered but the secrets, which are in the variables.
async fn new(desk: &Desk, more: &[&str]) -> Ran {
    let (appliance, zone) = (desk.appliance.url().to_owned(), desk.autotask.zone_url());
    let answers = [
        "connection",
        "new",
        &desk.id,
        "--name",
        "Acme",
        "--mode",
        "shadow",
        "--time-zone",
        "Europe/Berlin",
        "--appliance-url",
        &appliance,
        "--client-id",
        "bridge",
        "--autotask-username",
        "bridge@acme.example",
        "--zone-url",
        &zone,
        "--time-entries",
        "acme.example",
        "--allow-plain-http",
        "--wait",
        "0",
    ];
    desk.run_with(&[&answers[..], more].concat(), &SECRET_VARIABLES).await
}

#[tokio::test]
async fn new_connection_is_tested_stored_and_explained() {
    let desk = Desk::new();
    let made = new(&desk, &["--representative", "dwhitfield"]).await;
    assert_eq!(made.code, 0, "{made:?}");
    let stored: Value = serde_json::from_str(&desk.stored().await.unwrap()).unwrap();
    assert_eq!((&stored["mode"], &stored["autotask"]["secret"]), (&json!("shadow"), &json!("autotask-secret$#")));
    for text in ["1. Deploy", "outbound_event_token=", "Support Session End", "Amazon Root CA 1", "<TICKETID>", "make deploy"] {
        assert!(made.out.contains(text), "{text}: {}", made.out);
    }
    assert!(made.err.contains("checks are fine"), "{}", made.err);
    assert!(!SECRETS.iter().any(|secret| made.out.contains(secret) || made.err.contains(secret)), "{made:?}");

    let again = new(&desk, &[]).await;
    assert_eq!(again.code, 2, "replacing is asked for: {again:?}");
    let replaced = new(&desk, &["--yes", "--json"]).await;
    assert_eq!(replaced.code, 0, "{replaced:?}");
    assert_eq!(replaced.json()["token"]["token"].as_str().unwrap().len(), 48);
}

#[tokio::test]
async fn connection_with_a_missing_right_is_not_stored() {
    let desk = Desk::new();
    desk.appliance.settings(json!({ "may_report": false })).await;
    let refused = new(&desk, &[]).await;
    assert_eq!((refused.code, desk.stored().await), (3, None), "{refused:?}");
    assert!(refused.err.contains("Support Session Reports") && refused.err.contains("nothing was stored"), "{refused:?}");
}

#[tokio::test]
async fn question_without_an_answer_and_without_a_terminal_names_its_option() {
    let desk = Desk::new();
    insta::assert_snapshot!("nobody_to_ask", desk.run(&["connection", "new", &desk.id]).await.shown(&desk));
    let bad = desk.run(&["connection", "new", &desk.id, "--name", "", "--mode", "off", "--time-zone", "Berlin"]).await;
    insta::assert_snapshot!("answer_that_does_not_fit", bad.shown(&desk));
}

#[tokio::test]
async fn deploy_line_of_a_token_keeps_the_deployed_ones() {
    let desk = Desk::new();
    let made = desk.run(&["token", "new", &desk.id, "--json"]).await.json();
    let deploy = made["deploy"].as_str().unwrap();
    assert!(
        deploy.contains("default=") && deploy.contains(&format!("{}={}", desk.id, made["sha256"].as_str().unwrap())),
        "{deploy}"
    );
    assert!(deploy.contains("infra/deployment.session-bridge.yaml") && deploy.contains("make deploy ARCH="), "{deploy}");
}
