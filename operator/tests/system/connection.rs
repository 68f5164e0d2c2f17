//! `connection put`, `show` and `mode`.

use serde_json::json;

use crate::harness::{Desk, SECRETS, without_secrets};

#[tokio::test]
async fn document_without_its_secrets_keeps_those_that_are_stored() {
    let desk = Desk::connected(json!({})).await;
    let mut changes = without_secrets();
    changes["autotask"]["note"] = json!({ "type": 3 });
    let file = desk.file("connection.json", &format!("{:#}\n", desk.document(changes)));

    let dry = desk.run(&["connection", "put", &desk.id, &file, "--dry-run"]).await;
    insta::assert_snapshot!("put_dry_run", dry.shown(&desk));
    assert!(!desk.stored().await.unwrap().contains("\"type\""));

    let put = desk.run(&["connection", "put", &desk.id, &file]).await;
    insta::assert_snapshot!("put", put.shown(&desk));
    let stored = desk.stored().await.unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&stored).unwrap(),
        desk.document(json!({ "autotask": { "note": { "type": 3 } } }))
    );

    let again = desk.run(&["connection", "put", &desk.id, &file, "--json"]).await;
    assert_eq!((again.code, &again.json()["outcome"]), (0, &json!("unchanged")));
}

#[tokio::test]
async fn first_document_is_created_and_must_be_whole() {
    let desk = Desk::new();
    let partial = desk.file("partial.json", &format!("{:#}\n", desk.document(without_secrets())));
    let refused = desk.run(&["connection", "put", &desk.id, &partial]).await;
    insta::assert_snapshot!("put_without_secrets_to_keep", refused.shown(&desk));
    assert_eq!(desk.stored().await, None);

    let text = format!("{:#}\n", desk.document(json!({})));
    let whole = desk.file("whole.json", &text);
    let created = desk.run(&["connection", "put", &desk.id, &whole, "--json"]).await;
    assert_eq!((created.code, &created.json()["outcome"]), (0, &json!("created")));
    assert_eq!(desk.stored().await, Some(text), "stored as it was written");
}

#[tokio::test]
async fn document_with_a_mistake_is_not_stored() {
    let desk = Desk::connected(json!({})).await;
    let before = desk.stored().await;
    let mut changes = without_secrets();
    changes["retry_hurs"] = json!(3);
    let file = desk.file("connection.json", &format!("{:#}\n", desk.document(changes)));
    let refused = desk.run(&["connection", "put", &desk.id, &file]).await;
    insta::assert_snapshot!("put_with_a_mistake", refused.shown(&desk));
    assert_eq!(desk.stored().await, before);
}

#[tokio::test]
async fn shown_document_has_no_secret() {
    let desk = Desk::connected(json!({})).await;
    for format in [&[][..], &["--json"]] {
        let shown = desk.run(&[&["connection", "show", &desk.id], format].concat()).await;
        assert_eq!(shown.code, 0, "{shown:?}");
        assert!(shown.out.contains("bridge@acme.example") && shown.out.contains("***"));
        assert!(!SECRETS.iter().any(|secret| shown.out.contains(secret) || shown.err.contains(secret)));
    }
    desk.store(&desk.stored().await.unwrap().replace("\"version\"", "version")).await;
    let broken = desk.run(&["connection", "show", &desk.id]).await;
    insta::assert_snapshot!("show_of_a_broken_document", broken.shown(&desk));
}

#[tokio::test]
async fn mode_changes_and_every_other_byte_stays() {
    let desk = Desk::connected(json!({ "mode": "deliver" })).await;
    let before = desk.stored().await.unwrap();
    let dry = desk.run(&["connection", "mode", &desk.id, "hold", "--dry-run"]).await;
    assert_eq!((dry.code, desk.stored().await.as_ref()), (0, Some(&before)));
    let changed = desk.run(&["connection", "mode", &desk.id, "hold"]).await;
    insta::assert_snapshot!("mode", changed.shown(&desk));
    assert_eq!(desk.stored().await.unwrap(), before.replace("\"deliver\"", "\"hold\""));
}

#[tokio::test]
async fn document_with_a_mistake_can_be_stopped_and_not_started() {
    let desk = Desk::connected(json!({ "mode": "deliver", "retry_hurs": 3 })).await;
    let stopped = desk.run(&["connection", "mode", &desk.id, "off"]).await;
    insta::assert_snapshot!("mode_of_a_document_with_a_mistake", stopped.shown(&desk));
    assert!(desk.stored().await.unwrap().contains("\"off\""));
    let started = desk.run(&["connection", "mode", &desk.id, "deliver"]).await;
    assert_eq!(started.code, 3, "{started:?}");
    assert!(desk.stored().await.unwrap().contains("\"off\""));
}

#[tokio::test]
async fn what_is_not_there_is_named_with_what_to_do() {
    let desk = Desk::new();
    insta::assert_snapshot!("no_document", desk.run(&["connection", "show", &desk.id]).await.shown(&desk));
    let no_stack = desk.run(&["connection", "show", &desk.id, "--stack", "nowhere"]).await;
    assert_eq!(no_stack.code, 3);
    assert!(no_stack.err.contains("there is no stack nowhere") && no_stack.err.contains("--stack"), "{no_stack:?}");
    let unreachable = desk.run_with(&["connection", "show", &desk.id], &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]).await;
    assert_eq!(unreachable.code, 3, "{unreachable:?}");
    let no_region = desk.run_with(&["connection", "show", &desk.id], &[("AWS_REGION", "")]).await;
    assert!([2, 3].contains(&no_region.code), "{no_region:?}");
}
