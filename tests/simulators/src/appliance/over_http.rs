//! The appliance simulator as a client meets it: tokens, reports, commands.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::{ApplianceSimulator, ApplianceTenant};

const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";
const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<session_list xmlns="https://www.beyondtrust.com/namespaces/API/reporting">
<session lsid="00000000000000000000000000000000"><lseq>48213</lseq>
<start_time timestamp="1742302931">2025-03-18T13:02:11+00:00</start_time>
<end_time timestamp="1742304440">2025-03-18T13:27:20+00:00</end_time>
<external_key>T20250318.0042</external_key>
<session_details><event timestamp="1742304440" event_type="Session End"></event></session_details>
</session></session_list>"#;
const NOTHING: &str = "<error>No Support report information matching your chosen criteria is available.</error>";

struct Caller {
    client: Client,
    tenant: ApplianceTenant,
}

impl Caller {
    async fn start(simulator: &ApplianceSimulator) -> Self {
        let caller = Self { client: Client::builder().no_proxy().build().unwrap(), tenant: simulator.tenant("a") };
        caller.tenant.put_session(LSID, REPORT).await;
        caller
    }

    fn token_request(&self, secret: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}/oauth2/token", self.tenant.url())).basic_auth("bridge", Some(secret));
        request.form(&[("grant_type", "client_credentials")])
    }

    async fn token(&self) -> String {
        let answer: Value = self.token_request("appliance-secret").send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn report_with(&self, token: &str, form: &[(&str, &str)]) -> Response {
        let request = self.client.post(format!("{}/api/reporting", self.tenant.url())).bearer_auth(token);
        request.form(form).send().await.unwrap()
    }

    /// The XML of a report; every one of them comes with HTTP 200.
    async fn report(&self, form: &[(&str, &str)]) -> String {
        let answer = self.report_with(&self.token().await, form).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/xml; charset=UTF-8");
        answer.text().await.unwrap()
    }

    async fn session(&self) -> String {
        self.report(&[("generate_report", "SupportSession"), ("lsid", LSID)]).await
    }

    async fn command(&self, form: &[(&str, &str)]) -> String {
        let request = self.client.post(format!("{}/api/command", self.tenant.url())).bearer_auth(self.token().await);
        request.form(form).send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test]
async fn wrong_client_credentials_are_refused() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let answer = caller.token_request("wrong").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"], "invalid_client");
}

#[tokio::test]
async fn token_dies_of_age_of_a_31st_and_of_a_new_secret() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let status = async |token: &str| {
        caller.report_with(token, &[("generate_report", "SupportSession"), ("lsid", LSID)]).await.status().as_u16()
    };
    let oldest = caller.token().await;
    for _ in 0..29 {
        caller.token().await;
    }
    assert_eq!(status(&oldest).await, 200);
    let newest = caller.token().await;
    assert_eq!((status(&oldest).await, status(&newest).await), (401, 200));

    caller.tenant.advance_clock(Duration::from_secs(3601)).await;
    assert_eq!(status(&newest).await, 401);

    let fresh = caller.token().await;
    caller.tenant.credentials(json!({ "client_secret": "regenerated" })).await;
    assert_eq!(status(&fresh).await, 401);
    assert_eq!(caller.token_request("appliance-secret").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn legacy_login_is_refused_with_an_error_element_and_status_200() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let with = async |password: &str| {
        let form = [("username", "integration"), ("password", password), ("generate_report", "SupportSession"), ("lsid", LSID)];
        let request = caller.client.post(format!("{}/api/reporting", caller.tenant.url())).form(&form);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = with("wrong").await;
    assert!(status == 200 && text.contains("<error>Login failed</error>"), "{status} {text}");
    let (status, text) = with("legacy-secret").await;
    assert!(status == 200 && text.contains("<session lsid="), "{status} {text}");
}

#[tokio::test]
async fn call_without_any_credentials_is_401() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let answer = caller.client.get(format!("{}/api/reporting?generate_report=SupportSession", caller.tenant.url())).send().await;
    assert_eq!(answer.unwrap().status(), 401);
}

#[tokio::test]
async fn report_holds_the_session_as_it_was_put_under_its_own_lsid() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let expected = REPORT.replace("00000000000000000000000000000000", LSID);
    let element = &expected[expected.find("<session ").unwrap()..expected.find("</session_list>").unwrap()];
    let text = caller.session().await;
    assert!(text.contains(element), "{text}");
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<session_list xmlns="), "{text}");
}

#[tokio::test]
async fn multipart_parameters_are_not_read() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let request = caller.client.post(format!("{}/api/reporting", caller.tenant.url())).bearer_auth(caller.token().await);
    let body = "--x\r\ncontent-disposition: form-data; name=\"generate_report\"\r\n\r\nSupportSession\r\n--x--\r\n";
    let answer = request.header("content-type", "multipart/form-data; boundary=x").body(body).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("<error>A required parameter is missing"));
}

#[tokio::test]
async fn nothing_found_is_said_in_each_of_the_known_ways() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let unknown = [("generate_report", "SupportSession"), ("lsid", "unknown")];
    assert!(caller.report(&unknown).await.ends_with(&format!("{NOTHING}\n")));

    caller.tenant.settings(json!({ "nothing_found": "empty_list" })).await;
    let text = caller.report(&unknown).await;
    assert!(text.contains("<session_list") && !text.contains("error"), "{text}");

    caller.tenant.settings(json!({ "nothing_found": "error_child", "error_style": "attributes" })).await;
    let text = caller.report(&unknown).await;
    assert!(text.contains("<session_list") && text.contains("<error code=") && !text.contains("<error>"), "{text}");

    caller.tenant.settings(json!({ "nothing_found": "error_root", "error_style": "namespace" })).await;
    let text = caller.report(&unknown).await;
    assert!(text.contains("<error xmlns="), "{text}");
    assert!(caller.report(&[("generate_report", "SupportSesion")]).await.contains("<error xmlns="));
}

#[tokio::test]
async fn report_says_any_error_that_a_test_wants_until_it_is_taken_back() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    caller.tenant.settings(json!({ "report_error": "The XML API is <not> enabled." })).await;
    assert!(caller.session().await.contains("<error>The XML API is &lt;not&gt; enabled.</error>"));
    caller.tenant.settings(json!({ "error_style": "attributes" })).await;
    assert!(caller.session().await.contains("<error code="));
    caller.tenant.settings(json!({ "report_error": null })).await;
    assert!(caller.session().await.contains("<session lsid="));
}

#[tokio::test]
async fn report_becomes_ready_after_so_many_asks() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    for (not_ready_as, sign) in [("missing", NOTHING), ("empty_list", "<session_list"), ("no_end_time", "<end_time></end_time>")]
    {
        caller.tenant.put_session_with(LSID, REPORT, &[("not_ready_asks", "2"), ("not_ready_as", not_ready_as)]).await;
        for _ in 0..2 {
            let text = caller.session().await;
            assert!(text.contains(sign) && !text.contains("<end_time timestamp"), "{not_ready_as}: {text}");
        }
        assert!(caller.session().await.contains("<end_time timestamp"), "{not_ready_as}");
    }
}

#[tokio::test]
async fn namespace_can_be_another_or_none() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    caller.tenant.put_session_with(LSID, REPORT, &[("namespace", "http://www.bomgar.com/namespaces/API/reporting")]).await;
    assert!(caller.session().await.contains("<session_list xmlns=\"http://www.bomgar.com/namespaces/API/reporting\">"));
    caller.tenant.put_session_with(LSID, REPORT, &[("namespace", "none")]).await;
    assert!(caller.session().await.contains("<session_list>"));
}

#[tokio::test]
async fn verbatim_answer_is_served_byte_for_byte() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    caller.tenant.put_session_with(LSID, "<session_list><sess", &[("verbatim", "true")]).await;
    assert_eq!(caller.session().await, "<session_list><sess");
}

#[tokio::test]
async fn window_by_end_finds_closed_sessions_and_window_by_start_finds_those_in_progress_too() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    caller
        .tenant
        .put_session("1", &REPORT.replace("<end_time timestamp=\"1742304440\">2025-03-18T13:27:20+00:00</end_time>", ""))
        .await;
    let listing = async |start: (&'static str, &'static str), duration: &'static str| {
        let text = caller.report(&[("generate_report", "SupportSessionListing"), start, ("duration", duration)]).await;
        (
            text.contains("<session_summary lsid=\"1\""),
            text.contains(&format!("<session_summary lsid=\"{LSID}\" has_recording=\"0\">")),
        )
    };
    assert_eq!(listing(("end_time", "1742304440"), "0").await, (false, true));
    assert_eq!(listing(("end_time", "1742304441"), "0").await, (false, false));
    assert_eq!(listing(("end_time", "1742300000"), "4440").await, (false, false));
    assert_eq!(listing(("end_date", "2025-03-18"), "1").await, (false, true));
    assert_eq!(listing(("start_time", "1742302931"), "1").await, (true, true));
    assert_eq!(listing(("start_date", "2025-03-17"), "1").await, (false, false));
}

#[tokio::test]
async fn list_says_what_the_reference_names_or_more_and_what_is_listed_late_is_found_by_its_lsid_before() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let listing = async |end_time: &'static str, duration: &'static str| {
        caller.report(&[("generate_report", "SupportSessionListing"), ("end_time", end_time), ("duration", duration)]).await
    };
    let text = listing("1742304440", "3600").await;
    assert!(text.contains("<lseq>48213</lseq>") && text.contains("<end_time timestamp=\"1742304440\">"), "{text}");
    caller.tenant.settings(json!({ "listing": "bare" })).await;
    let text = listing("1742304440", "3600").await;
    assert!(text.contains("<external_key>T20250318.0042</external_key>") && !text.contains("<lseq>"), "{text}");

    assert!(listing("1742300840", "3600").await.contains(NOTHING));
    caller.tenant.settings(json!({ "window_end": "included" })).await;
    assert!(listing("1742300840", "3600").await.contains(LSID));

    caller.tenant.put_session_with(LSID, REPORT, &[("listed_after_seconds", "60")]).await;
    assert!(listing("1742304440", "3600").await.contains(NOTHING));
    assert!(caller.session().await.contains(LSID));
    caller.tenant.advance_clock(Duration::from_secs(61)).await;
    assert!(listing("1742304440", "3600").await.contains(LSID));
}

#[tokio::test]
async fn answers_carry_the_tenants_clock() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    caller.tenant.stop_clock_at("2025-03-18T13:28:00Z".parse().unwrap()).await;
    let answer = caller.report_with(&caller.token().await, &[("generate_report", "SupportSession"), ("lsid", LSID)]).await;
    assert_eq!(answer.headers().get_all("date").iter().collect::<Vec<_>>(), ["Tue, 18 Mar 2025 13:28:00 GMT"]);
}

#[tokio::test]
async fn window_without_duration_is_refused() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let text = caller.report(&[("generate_report", "SupportSession"), ("end_time", "1742304440")]).await;
    assert!(text.contains("<error>") && text.contains("duration"), "{text}");
}

#[tokio::test]
async fn several_lsids_come_in_one_list() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    caller.tenant.put_session("2", REPORT).await;
    let text = caller.report(&[("generate_report", "SupportSession"), ("lsids", &format!("{LSID},2,unknown"))]).await;
    assert_eq!(text.matches("<session lsid=").count(), 2, "{text}");
}

#[tokio::test]
async fn attributes_are_set_while_the_session_is_active_and_not_after() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    let set = [
        ("action", "set_session_attributes"),
        ("lsid", LSID),
        ("session.custom.external_key", "T<9>"),
        ("session.custom.site", "B2"),
    ];
    assert!(caller.command(&set).await.contains("<error>The session is not active.</error>"));
    caller
        .tenant
        .put_session(LSID, &REPORT.replace("<end_time timestamp=\"1742304440\">2025-03-18T13:27:20+00:00</end_time>", ""))
        .await;
    assert!(caller.command(&set).await.contains(">Session attributes were set</success>"));
    assert!(caller.session().await.contains("<external_key>T&lt;9&gt;</external_key>"));
    let attributes = caller.command(&[("action", "get_session_attributes"), ("lsid", LSID)]).await;
    assert!(attributes.contains("code_name=\"site\">B2</custom_attribute>"), "{attributes}");
}

#[tokio::test]
async fn commands_answer_as_recorded_and_obey_the_accounts_rights() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    assert!(
        caller
            .command(&[("action", "get_api_info")])
            .await
            .contains("<permission name=\"perm_command\">full_access</permission>")
    );
    assert!(caller.command(&[("action", "check_health")]).await.contains("<success>1</success>"));
    assert!(caller.command(&[("action", "chekc_health")]).await.contains("<error>Invalid action</error>"));
    let key =
        [("action", "generate_session_key"), ("type", "support"), ("queue_id", "rep:1"), ("session.custom.external_key", "1234")];
    let text = caller.command(&key).await;
    assert!(text.contains("<queue available=\"0\">rep</queue>") && text.contains("<external_key>1234</external_key>"), "{text}");
    caller.tenant.settings(json!({ "may_command": "read_only", "may_report": false })).await;
    assert!(caller.command(&key).await.contains("<error>You do not have permission"));
    assert!(caller.session().await.contains("<error>You do not have permission"));
}

#[tokio::test]
async fn call_log_tells_reports_and_sessions_apart() {
    let simulator = ApplianceSimulator::start().await;
    let caller = Caller::start(&simulator).await;
    caller.session().await;
    let calls = caller.tenant.calls().await;
    assert_eq!(calls.iter().map(|call| call["entity"].as_str().unwrap()).collect::<Vec<_>>(), ["token", "SupportSession"]);
    assert_eq!(calls[1]["detail"], LSID);
}
