//! Session reports of any size, as an appliance would write them for long sessions: chat, window changes, files, shells, notes.
//!
//! The same size gives the same bytes on every machine. The shape is that of the samples in `events/reports`; what is in them is
//! written by hand and shows cases, what is made here shows amounts.

use std::io::{self, Write};

/// The session in every report made here.
pub(crate) const LSID: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";
/// The ticket that its external key names.
pub(crate) const TICKET: &str = "T20250318.0042";

/// When the session started, in seconds of the Unix epoch: 18 March 2025, 13:02:11 UTC.
const STARTED_AT: u64 = 1_742_302_931;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<session_list xmlns="https://www.beyondtrust.com/namespaces/API/reporting">
<session lsid="7d1f0c52a9be4e6f8a3b90d4c6e21f57">
  <session_type>support</session_type>
  <lseq>48213</lseq>
  <start_time timestamp="1742302931">2025-03-18T13:02:11+00:00</start_time>
  <end_time timestamp="1742324531">2025-03-18T19:02:11+00:00</end_time>
  <duration>06:00:00</duration>
  <external_key>T20250318.0042</external_key>
  <session_chat_view_url>https://support.example.com/session_download?x=1&amp;dl_action=chat&amp;view=1</session_chat_view_url>
  <primary_customer gsnumber="311">Jörg Müller</primary_customer>
  <primary_rep gsnumber="302" id="17">Dana Whitfield</primary_rep>
  <customer_list>
    <customer gsnumber="311">
      <username>Jörg Müller</username>
      <public_ip>203.0.113.50:60001</public_ip>
      <hostname>LAB2-PC07</hostname>
      <os>Windows 11 Enterprise x64 (23H2)</os>
      <primary_cust>1</primary_cust>
      <info><name>Jörg Müller</name><company>Acme &amp; Sons</company><issue>Printer</issue><details>Label printer offline</details></info>
    </customer>
  </customer_list>
  <rep_list>
    <representative gsnumber="302" id="17">
      <username>dwhitfield</username>
      <public_display_name>Dana W.</public_display_name>
      <private_display_name>Dana Whitfield</private_display_name>
      <primary_rep>1</primary_rep>
      <seconds_involved>21500</seconds_involved>
    </representative>
  </rep_list>
  <session_details>
    <event timestamp="1742302931" event_type="Session Start">
    </event>
    <event timestamp="1742302951" event_type="Conference Member Added">
      <performed_by type="representative" gsnumber="302">Dana Whitfield</performed_by>
      <data><value name="private_name" value="Dana Whitfield" /><value name="username" value="dwhitfield" /><value name="user_id" value="17" /></data>
    </event>
"#;

const FOOT: &str = r#"    <event timestamp="1742324531" event_type="Session End">
    </event>
  </session_details>
  <cust_survey_list>
    <cust_exit_survey gsnumber="311"><value name="rating" value="5" /><value name="comments" value="Quick help.\nThanks!" /></cust_exit_survey>
  </cust_survey_list>
</session>
</session_list>
"#;

/// What people write; some of it needs references, some more than one byte for a character.
const SENTENCES: [&str; 10] = [
    "The label printer says &quot;offline&quot; since this morning.",
    "Nothing else changed &amp; reboot did not help.",
    "Bei uns erscheint Fehler 71100 nach C:\\Daten\\Übergabe\\export.csv",
    "I will send a screenshot.",
    "Please look at position 24029 in „Stammdaten &amp; Preise“",
    "could that be the proxy?",
    "Since the update we see error 62131 although &lt;Save&gt; was pressed.",
    "One moment please, I am going to restart the spooler.",
    "See https://wiki.example.com/erp?id=7&amp;view=full for the steps.",
    "Nach dem Neustart geht es wieder – danke!",
];

const CUSTOMER: &str = "<performed_by type=\"customer\" gsnumber=\"311\">Jörg Müller</performed_by>";
const REPRESENTATIVE: &str = "<performed_by type=\"representative\" gsnumber=\"302\">Dana Whitfield</performed_by>";
const TO_CUSTOMER: &str = "<destination type=\"customer\" gsnumber=\"311\">Jörg Müller</destination>";
const TO_EVERYONE: &str = "<destination type=\"everyone\" gsnumber=\"0\">Everyone</destination>";

/// Writes a report of at least so many bytes, and at most one event more.
///
/// # Errors
///
/// Those of the target.
pub(crate) fn write_of_size(bytes: usize, target: &mut impl Write) -> io::Result<()> {
    let mut report = Report::begin(target)?;
    while report.written + FOOT.len() < bytes {
        report.event()?;
    }
    report.end()
}

/// A report with so many chat messages and the noise that goes with them.
pub(crate) fn with_chat_messages(count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut report = Report::begin(&mut bytes)?;
    while report.chat_messages < count {
        report.event()?;
    }
    report.end()?;
    Ok(bytes)
}

/// A report in the making.
struct Report<'target, Target> {
    target: &'target mut Target,
    random: fastrand::Rng,
    number: u64,
    written: usize,
    chat_messages: usize,
}

impl<'target, Target: Write> Report<'target, Target> {
    fn begin(target: &'target mut Target) -> io::Result<Self> {
        let mut report = Self { target, random: fastrand::Rng::with_seed(1), number: 0, written: 0, chat_messages: 0 };
        report.write(HEAD)?;
        Ok(report)
    }

    /// The next event. Of twenty, eight are of windows and clicks, eight of the chat, and four are what a technician did.
    fn event(&mut self) -> io::Result<()> {
        let number = self.number;
        let (kind, content) = match number % 20 {
            0 | 2 | 5 | 7 | 10 | 12 | 15 | 17 => {
                self.chat_messages += 1;
                let speaker = if number.is_multiple_of(2) { CUSTOMER } else { REPRESENTATIVE };
                let body = self.sentences(4);
                ("Chat Message", format!("{speaker}\n      {TO_EVERYONE}\n      <body>{body}</body>"))
            }
            4 => {
                let data = format!(
                    "<data><value name=\"filename\" value=\"C:\\Temp\\driver-{number}.zip\" /><value name=\"filesize\" value=\"{}\" /></data>",
                    4_816_220 + number
                );
                ("File Upload", format!("{REPRESENTATIVE}\n      {TO_CUSTOMER}\n      {data}"))
            }
            9 => {
                let data = format!("<data><value name=\"instance\" value=\"{number}\" /></data>");
                ("Command Shell Session Started", format!("{REPRESENTATIVE}\n      {data}"))
            }
            14 => {
                let body = self.sentences(3);
                ("Session Note Added", format!("{REPRESENTATIVE}\n      <body>{body}</body>"))
            }
            19 => {
                let data = format!(
                    "<data><value name=\"key_path\" value=\"HKCU\\Software\\Example ERP\\Client\\{number}\" /><value name=\"value_data\" value=\"30\" /></data>"
                );
                ("Registry Value Modified", format!("{REPRESENTATIVE}\n      {TO_CUSTOMER}\n      {data}"))
            }
            3 | 13 => {
                let data =
                    format!("<data><value name=\"x\" value=\"{}\" /><value name=\"y\" value=\"512\" /></data>", number % 1920);
                ("Session Mouse Left Clicked", format!("{REPRESENTATIVE}\n      {data}"))
            }
            _ => {
                let data = format!(
                    "<data><value name=\"exeName\" value=\"erp.exe\" /><value name=\"windowName\" value=\"Order {number} - ERP\" /></data>"
                );
                ("Session Foreground Window Changed", format!("{CUSTOMER}\n      {data}"))
            }
        };
        self.number += 1;
        let at = STARTED_AT + 20 + number;
        self.write(&format!("    <event timestamp=\"{at}\" event_type=\"{kind}\">\n      {content}\n    </event>\n"))
    }

    /// One sentence to so many.
    fn sentences(&mut self, most: usize) -> String {
        let count = self.random.usize(1..=most);
        let chosen: Vec<&str> = (0..count).map(|_| SENTENCES[self.random.usize(..SENTENCES.len())]).collect();
        chosen.join(" ")
    }

    fn end(mut self) -> io::Result<()> {
        self.write(FOOT)?;
        self.target.flush()
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.written += text.len();
        self.target.write_all(text.as_bytes())
    }
}
