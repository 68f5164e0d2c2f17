//! What single elements become: variants that no sample has.

use jiff::Timestamp;
use session::Gsnumber;
use session::support_session::{ActorKind, FileReference, SessionEvent, SessionEventKind, Survey};

use super::*;

fn event_of(children: &str) -> SessionEvent {
    let events =
        format!("<session_details><event timestamp=\"5\" event_type=\"File Upload\">{children}</event></session_details>");
    session_of(&events).events.remove(0)
}

fn chat_of(body: &str) -> Option<String> {
    event_of(body).body
}

fn file(name: &str, bytes: Option<u64>) -> FileReference {
    FileReference { name: name.to_owned(), bytes }
}

#[test]
fn session_with_nothing_but_its_lsid_is_empty() {
    assert_eq!(session_of(""), SupportSession::empty(lsid()));
    assert_eq!(read(&format!("<session lsid=\" {LSID} \"/>")).unwrap(), SupportSession::empty(lsid()));
}

#[test]
fn empty_unknown_and_repeated_elements_do_no_harm() {
    let session = session_of(
        "<future><external_key>no</external_key></future><lseq></lseq><lseq>many</lseq><external_key/><external_key> K <b>x</b></external_key>\
         <external_key>second</external_key><primary_rep gsnumber=\"\" id=\"\"></primary_rep><jumpoint id=\"-1\">none</jumpoint><customer_list/>",
    );
    assert_eq!(session, SupportSession { external_key: Some("K".to_owned()), ..SupportSession::empty(lsid()) });
}

#[test]
fn times_come_from_the_attribute_else_from_the_text() {
    let started = |start: &str| session_of(start).started_at;
    let one = Some(Timestamp::from_second(1_742_302_931).unwrap());
    assert_eq!(started("<start_time timestamp=\"1742302931\">2001-01-01T00:00:00+00:00</start_time>"), one);
    assert_eq!(started("<start_time> 2025-03-18T14:02:11+01:00 </start_time>"), one);
    for unset in [
        "<start_time/>",
        "<start_time timestamp=\"0\"/>",
        "<start_time timestamp=\"\"></start_time>",
        "<start_time>soon</start_time>",
    ] {
        assert_eq!(started(unset), None, "{unset}");
    }
    assert_eq!(started("<start_time timestamp=\"99999999999999\"/>"), None);
}

#[test]
fn text_is_put_together_from_all_its_pieces() {
    assert_eq!(
        chat_of("<body>\n a &amp; b &#x41;&#66;<!-- c --> <![CDATA[<d> ]]&gt;]]>&quot;&apos;&lt;&gt; \r\n e <?pi?>f\n </body>")
            .as_deref(),
        Some("a & b AB <d> ]]&gt;\"'<> \n e f")
    );
    assert_eq!(chat_of("<body> \n </body>"), None);
}

#[test]
fn encoded_body_is_decoded_as_loosely_as_it_is_written() {
    assert_eq!(chat_of("<encoded_body> Y WJj\r\n ZA= = </encoded_body>").as_deref(), Some("abcd"));
    assert_eq!(chat_of("<encoded_body>YWJjZA</encoded_body>").as_deref(), Some("abcd"));
    assert_eq!(chat_of("<encoded_body>/w==</encoded_body>").as_deref(), Some("\u{FFFD}"));
    let events = "<session_details><event><encoded_body>/2H/</encoded_body></event></session_details>";
    assert_eq!(session_of(events).replaced_characters, 2);
    assert_eq!(chat_of("<body>plain</body><encoded_body>YWJjZA==</encoded_body>").as_deref(), Some("plain"));
    assert_eq!(chat_of("<body/><encoded_body>YWJjZA==</encoded_body>").as_deref(), Some("abcd"));
}

#[test]
fn encoded_body_that_is_none_is_counted_as_omitted() {
    let session = session_of(
        "<session_details><event event_type=\"Chat Message\"><encoded_body>%%%</encoded_body></event></session_details>",
    );
    assert_eq!((session.events[0].body.as_deref(), session.omitted.events), (None, 1));
}

#[test]
fn files_are_found_in_all_three_places_and_once() {
    let both = "<filename>a.txt</filename><filesize>5</filesize><data><value name=\"filename\" value=\"a.txt\"/></data>";
    assert_eq!(event_of(both).files, [file("a.txt", Some(5))]);
    assert!(event_of(both).data.is_empty());
    let several = "<data><value name=\"filename\" value=\"a\"/><value name=\"filesize\" value=\"1\"/><value name=\"sha256\" value=\"00\"/>\
                   <value name=\"filename\" value=\"b\"/></data><files><file><filename>c</filename><filesize>x</filesize></file><file/></files>";
    let event = event_of(several);
    assert_eq!(event.files, [file("a", Some(1)), file("b", None), file("c", None)]);
    assert_eq!(event.data, [("sha256".to_owned(), "00".to_owned())]);
    assert!(event_of("<filesize>5</filesize><data><value name=\"filesize\" value=\"5\"/></data>").files.is_empty());
}

#[test]
fn one_event_leaves_nothing_to_the_next() {
    let session = session_of(
        "<session_details><event event_type=\"File Upload\" timestamp=\"7\"><performed_by type=\"system\" gsnumber=\"0\">S</performed_by>\
         <filesize>5</filesize></event><event/></session_details>",
    );
    assert_eq!(session.events[0].performed_by.as_ref().unwrap().kind, ActorKind::System);
    let second = &session.events[1];
    assert_eq!(second.kind, SessionEventKind::Other(String::new()));
    assert!(second.at.is_none() && second.performed_by.is_none() && second.files.is_empty());
}

#[test]
fn values_may_stand_in_the_attribute_or_in_the_text() {
    let event = event_of(
        "<data><value name=\" path \"> C:\\Temp </value><value name=\"empty\" value=\"\"/><value value=\"nameless\"/></data>",
    );
    assert_eq!(event.data, [("path".to_owned(), "C:\\Temp".to_owned()), ("empty".to_owned(), String::new())]);
}

#[test]
fn system_information_is_matched_by_position_or_by_id() {
    let rows = |category: &str| {
        let information =
            event_of(&format!("<system_information><category name=\" C \">{category}</category></system_information>"))
                .system_information;
        information.into_iter().map(|category| (category.name, category.rows)).collect::<Vec<_>>()
    };
    let expected = |rows: &[&[(&str, &str)]]| {
        let row =
            |row: &&[(&str, &str)]| row.iter().map(|(title, value)| (title.to_string(), value.to_string())).collect::<Vec<_>>();
        vec![("C".to_owned(), rows.iter().map(row).collect::<Vec<_>>())]
    };
    let titles = "<description><field id=\"a\" name=\"Alpha\"/><field id=\"b\" name=\"Beta\"/></description>";
    // By id, in another order than the titles; by name; by position; an unknown one at a position beyond the titles.
    assert_eq!(
        rows(&format!("{titles}<data><row><field id=\"b\">2</field><field id=\"a\"> 1 </field></row></data>")),
        expected(&[&[("Beta", "2"), ("Alpha", "1")]])
    );
    assert_eq!(rows(&format!("{titles}<data><row><field name=\"Beta\">2</field></row></data>")), expected(&[&[("Beta", "2")]]));
    assert_eq!(rows(&format!("{titles}<data><row><field/><field>2</field></row></data>")), expected(&[&[("Beta", "2")]]));
    assert_eq!(
        rows(&format!(
            "{titles}<data><row><field>1</field><field>2</field><field id=\"c\">3</field><field>4</field></row></data>"
        )),
        expected(&[&[("Alpha", "1"), ("Beta", "2"), ("c", "3"), ("", "4")]])
    );
    // Titles after the rows, and titles without a name.
    assert_eq!(
        rows("<data><row><field>1</field></row></data><description><field id=\"a\"/></description>"),
        expected(&[&[("a", "1")]])
    );
    // Any part may be missing.
    for nothing in ["", titles, "<data/>", "<data><row/></data>", "<data><row><field id=\"a\"> </field></row></data>"] {
        assert_eq!(rows(nothing), [], "{nothing}");
    }
}

#[test]
fn unknown_is_no_value_for_machines_but_may_be_a_name() {
    let session = session_of(
        "<customer_list><customer><username>Unknown</username><hostname>Unknown</hostname><os> Unknown </os><public_ip>Unknown</public_ip>\
         <private_ip>unknown host</private_ip></customer></customer_list>\
         <rep_list><representative><hostname>Unknown</hostname><os>Unknown</os></representative></rep_list>",
    );
    let customer = &session.customers[0];
    assert_eq!(customer.name.as_deref(), Some("Unknown"));
    assert_eq!((&customer.hostname, &customer.operating_system, &customer.public_ip), (&None, &None, &None));
    assert_eq!(customer.private_ip.as_deref(), Some("unknown host"));
    assert_eq!((&session.representatives[0].hostname, &session.representatives[0].operating_system), (&None, &None));
}

#[test]
fn what_the_customer_typed_is_read_within_and_beside_info() {
    let info = session_of(
        "<customer_list><customer><details>beside</details><info><company>within</company><details>second</details></info></customer></customer_list>",
    )
    .customers
    .remove(0)
    .info;
    assert_eq!((info.company.as_deref(), info.details.as_deref(), info.name), (Some("within"), Some("beside"), None));
}

#[test]
fn deprecated_display_name_stands_in_for_the_public_one() {
    let representative = |names: &str| {
        session_of(&format!("<rep_list><representative id=\"17\" gsnumber=\"2\">{names}</representative></rep_list>"))
            .representatives
            .remove(0)
    };
    assert_eq!(representative("<display_name>Old</display_name>").public_display_name.as_deref(), Some("Old"));
    let invited = representative("<invited>1</invited><primary_rep>0</primary_rep><seconds_involved>12</seconds_involved>");
    assert_eq!((invited.invited, invited.primary, invited.seconds_involved), (true, false, Some(12)));
    assert_eq!((invited.id.as_deref(), invited.gsnumber), (Some("17"), Some(Gsnumber(2))));
}

#[test]
fn links_prefer_looking_to_downloading() {
    let links = session_of(
        "<session_chat_download_url>d</session_chat_download_url>\
         <command_shell_recordings><command_shell_recording><download_url>d0</download_url><view_url>v0</view_url></command_shell_recording>\
         <command_shell_recording/><command_shell_recording><download_url>d1</download_url></command_shell_recording></command_shell_recordings>\
         <show_my_screen_recordings><show_my_screen_recording><view_url>s</view_url></show_my_screen_recording></show_my_screen_recordings>",
    )
    .links;
    assert_eq!(links.chat_view.as_deref(), Some("d"));
    assert_eq!(links.command_shells, ["v0", "d1"]);
    assert_eq!(links.show_my_screen, ["s"]);
    let both =
        session_of("<session_chat_download_url>d</session_chat_download_url><session_chat_view_url>v</session_chat_view_url>")
            .links;
    assert_eq!(both.chat_view.as_deref(), Some("v"));
}

#[test]
fn custom_attributes_without_a_value_are_left_out() {
    let session = session_of(
        "<custom_attributes><custom_attribute display_name=\"A\" code_name=\"a\"> 1 </custom_attribute><custom_attribute code_name=\"b\"/>\
         <custom_attribute>3</custom_attribute></custom_attributes>",
    );
    let attributes: Vec<_> = session
        .custom_attributes
        .iter()
        .map(|attribute| [&*attribute.display_name, &attribute.code_name, &attribute.value])
        .collect();
    assert_eq!(attributes, [["A", "a", "1"], ["", "", "3"]]);
}

#[test]
fn surveys_have_line_breaks() {
    let session = session_of(
        "<cust_survey_list><cust_exit_survey gsnumber=\"311\"><value name=\"comments\" value=\"a\\nb\\r\\nc\"/>\
         </cust_exit_survey></cust_survey_list><rep_survey_list/>",
    );
    let answers = vec![("comments".to_owned(), "a\nb\nc".to_owned())];
    assert_eq!(session.customer_surveys, [Survey { gsnumber: Some(Gsnumber(311)), answers }]);
    assert!(session.representative_surveys.is_empty());
}

#[test]
fn survey_that_was_sent_off_empty_counts_as_a_survey() {
    let session = session_of(
        "<cust_survey_list><cust_exit_survey gsnumber=\"311\"/><cust_exit_survey gsnumber=\"312\">\n</cust_exit_survey>\
         <cust_exit_survey gsnumber=\"313\"><value name=\"rating\" value=\"\"/><value name=\"comments\"> </value></cust_exit_survey>\
         </cust_survey_list><rep_survey_list><rep_exit_survey/></rep_survey_list>",
    );
    let gsnumbers: Vec<_> = session.customer_surveys.iter().map(|survey| survey.gsnumber).collect();
    assert_eq!(gsnumbers, [Some(Gsnumber(311)), Some(Gsnumber(312)), Some(Gsnumber(313))]);
    assert_eq!(session.representative_surveys, [Survey { gsnumber: None, answers: vec![] }]);
    assert!(session.customer_surveys.iter().chain(&session.representative_surveys).all(Survey::is_blank));
    assert_eq!(session.customer_surveys[2].answers.len(), 2);
}

#[test]
fn empty_list_of_surveys_is_no_survey() {
    let session = session_of("<cust_survey_list></cust_survey_list><rep_survey_list><other/></rep_survey_list>");
    assert!(session.customer_surveys.is_empty() && session.representative_surveys.is_empty());
}

#[test]
fn two_surveys_without_a_connection_stay_two() {
    let survey = |answer: &str| format!("<rep_exit_survey><value name=\"q\">{answer}</value></rep_exit_survey>");
    let session = session_of(&format!("<rep_survey_list>{}{}</rep_survey_list>", survey("1"), survey("2")));
    let answers: Vec<_> =
        session.representative_surveys.iter().map(|survey| (survey.gsnumber, survey.answers[0].1.as_str())).collect();
    assert_eq!(answers, [(None, "1"), (None, "2")]);
}

#[test]
fn namespaces_and_prefixes_do_not_matter() {
    let plain = report_of("<lseq>7</lseq><session_details><event event_type=\"Session End\"/></session_details>");
    let prefixed = plain
        .replace("<session_list", "<r:session_list xmlns:r=\"urn:x\" xmlns:lsid=\"urn:y\"")
        .replace("</", "</r:")
        .replace("<session ", "<r:session ")
        .replace("<lseq", "<r:lseq")
        .replace("<session_details", "<r:session_details")
        .replace("<event event_type", "<r:event r:event_type");
    assert_eq!(read(&prefixed), read(&plain));
    assert_eq!(read(&prefixed).unwrap().sequence, Some(7));
    assert_eq!(read(&prefixed).unwrap().events[0].kind, SessionEventKind::SessionEnd);
}

#[test]
fn of_two_attributes_of_one_name_the_first_counts_and_declarations_do_not() {
    let event = event_of("<data><value xmlns:name=\"urn:z\" name=\"n\" name=\"m\" value='&#10;v &amp; w&#x9;'/></data>");
    assert_eq!(event.data, [("n".to_owned(), "v & w".to_owned())]);
}
