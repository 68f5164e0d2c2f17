//! Exit surveys: they come before the end, with the report, or long after; each becomes one note, always an internal one.

use crate::harness::{Harness, Session, TICKET, TICKET_ID, sample, state, with_key};

const CUSTOMER_SURVEY: &str = "support_conference_customer_exit_survey_completed";
const REPRESENTATIVE_SURVEY: &str = "support_conference_rep_exit_survey_completed";

#[tokio::test]
async fn survey_before_the_session_end_waits_for_the_end() {
    let harness = Harness::new().await;
    // As the appliance has it while the session runs: no end yet, and no survey in the report.
    let session = harness
        .session_with("printer-without-surveys", TICKET, &[("not_ready_asks", "1"), ("not_ready_as", "no_end_time")])
        .await;
    session.announce(&session.event(CUSTOMER_SURVEY)).await;
    session.until("the survey is noted", |item| item["claims_without_outcome"] == 0).await;
    assert_eq!(session.written().await, (0, 0), "a survey alone is no end");

    session.put_report(&with_key(&sample("reports/printer.xml"), TICKET)).await;
    session.ends().await;
    let item = session.settled_after(2).await;
    assert_eq!(titles(&session).await, ["note.session", "note.customer_survey.311", "note.rep_survey.302"], "{item:#}");
}

#[tokio::test]
async fn survey_after_the_session_end_becomes_a_note_of_its_own() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.settled().await;
    assert_eq!(session.written().await, (1, 1));

    session.put_report(&with_key(&sample("reports/printer.xml"), TICKET)).await;
    session.announce(&session.event(CUSTOMER_SURVEY)).await;
    session.announce(&session.event(REPRESENTATIVE_SURVEY)).await;
    let item = session.settled_after(3).await;
    assert_eq!(titles(&session).await, ["note.session", "note.customer_survey.311", "note.rep_survey.302"], "{item:#}");
    assert!(session.notes_on(TICKET_ID).await.iter().all(|note| note["publish"] == 2), "surveys are for our own people");
    assert_eq!(session.time_entries_on(TICKET_ID).await.len(), 1);
}

#[tokio::test]
async fn survey_that_the_report_does_not_have_yet_is_asked_for_again() {
    let harness = Harness::new().await;
    let session = harness.session("printer-without-surveys", TICKET).await;
    session.ends().await;
    session.settled().await;
    session.announce(&session.event(CUSTOMER_SURVEY)).await;
    session.waits_for("report_not_ready").await;

    session.put_report(&with_key(&sample("reports/printer.xml"), TICKET)).await;
    let item = session.settled_after(2).await;
    assert_eq!(state(&item, "note.customer_survey.311"), "done", "{item:#}");
    assert_eq!(session.written().await.1, 1);
}

/// The write ids in the titles of its notes, oldest first.
async fn titles(session: &Session<'_>) -> Vec<String> {
    let marker =
        |title: &str| title.split_once(&format!("[{}/", session.lsid)).map(|(_, id)| id.trim_end_matches(']').to_owned());
    session.notes_on(TICKET_ID).await.iter().filter_map(|note| marker(note["title"].as_str()?)).collect()
}
