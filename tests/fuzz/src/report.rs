//! The session report. Promised: however its bytes are cut into pieces, and whichever of the two ways it is read, the outcome is the
//! same session or the same error; it takes a bounded time and memory; no error shows anything of the content but the appliance's own
//! sentence.
//!
//! The same of a list of sessions, which is read by the same code into something else.
//!
//! The first byte of an input says how it is cut, the rest is the report.

use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use appliance::{ReportError, read_listing, read_listing_async, read_report, read_report_async};
use session::Lsid;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use crate::{KIB, MIB, Samples, Target, split_selector};

/// See the head of this file.
pub const TARGET: Target = Target {
    name: "report",
    run,
    seeds,
    words: WORDS,
    input_bytes_max: 16 * KIB,
    // A report of any length is read within 32 MiB; one of this length within far less.
    memory_bytes_max: 2 * MIB,
};

const WORDS: &[&str] = &[
    "<session_list xmlns=\"https://www.beyondtrust.com/namespaces/API/reporting\">",
    "<session lsid=\"7d1f0c52a9be4e6f8a3b90d4c6e21f57\">",
    "</session></session_list>",
    "<session_summary_list>",
    "<session_summary lsid=\"a1\" has_recording=\"1\">",
    "</session_summary></session_summary_list>",
    "<session_details>",
    "<event timestamp=\"1742302931\" event_type=\"Chat Message\">",
    "event_type=\"Session Note Added\"",
    "event_type=\"System Information Retrieved\"",
    "event_type=\"File Upload\"",
    "<performed_by type=\"representative\" gsnumber=\"2\">",
    "<destination type=\"customer\" gsnumber=\"1\">",
    "<encoded_body>",
    "<body>",
    "<data><value name=\"filename\" value=\"a\"/></data>",
    "<system_information><category name=\"Drives\"><description><field name=\"Drive\"/></description>",
    "<customer_list><customer gsnumber=\"1\">",
    "<rep_list><representative gsnumber=\"2\" id=\"17\">",
    "<primary_rep gsnumber=\"2\" id=\"17\">",
    "<cust_survey_list><cust_exit_survey gsnumber=\"1\">",
    "<question id=\"1\"><name>q</name><answer_list><answer>a</answer></answer_list></question>",
    "<start_time timestamp=\"1742302931\"/>",
    "<end_time timestamp=\"1742304431\"/>",
    "<lseq>48213</lseq>",
    "<external_key>T20250318.0042</external_key>",
    "<error>login failed</error>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE a [",
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
    "&amp;",
    "&#x9;",
    "\u{FEFF}",
];

const LISTING: &[u8] = b"<session_summary_list><session_summary lsid='a1'><lseq>1</lseq><end_time timestamp='1742304440'/>\
<external_key>T20250318.0042</external_key></session_summary><session_summary lsid='b2'/></session_summary_list>";

static LSID: LazyLock<Lsid> = LazyLock::new(|| WANTED.parse().expect("a constant id"));
const WANTED: &str = "7d1f0c52a9be4e6f8a3b90d4c6e21f57";

/// Reads the bytes as a report.
pub fn run(input: &[u8]) {
    let (cut, report) = split_selector(input);
    let whole = read_report(report, &LSID);
    let in_pieces = in_pieces(report, cut, async |pieces| read_report_async(pieces, &LSID).await);
    assert_eq!(in_pieces, whole, "read in pieces, and whole");
    let list_in_pieces = self::in_pieces(report, cut, read_listing_async);
    assert_eq!(list_in_pieces, read_listing(report), "read as a list in pieces, and whole");
    match &whole {
        Ok(session) => assert_eq!(session.lsid, *LSID),
        Err(error) => assert!(error.to_string().chars().count() <= session::Sentence::LENGTH_MAX + 60, "an error is a line"),
    }
}

fn in_pieces<'a, T>(
    report: &'a [u8],
    cut: u8,
    read: impl AsyncFnOnce(Pieces<'a>) -> Result<T, ReportError>,
) -> Result<T, ReportError> {
    let reading = pin!(read(Pieces { rest: report, cut, count: 0 }));
    match reading.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("waits for bytes that are there"),
    }
}

/// Hands out the report in pieces: of one size for a small `cut`, of a size for each that depends on it for a large one.
struct Pieces<'a> {
    rest: &'a [u8],
    cut: u8,
    count: usize,
}

impl Pieces<'_> {
    fn piece(&self) -> &[u8] {
        let size = match self.cut {
            size @ 1..0x80 => usize::from(size),
            seed => 1 + (self.count + 1).wrapping_mul(usize::from(seed) * 2 + 1).wrapping_mul(0x9e37_79b9) % 97,
        };
        &self.rest[..size.min(self.rest.len())]
    }
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let taken = self.piece().len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..taken]);
        self.consume(taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Pieces<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(self.get_mut().piece()))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.rest = &self.rest[amount..];
        self.count += 1;
    }
}

/// All reports that are short enough, as if all were of the session that is asked for.
fn seeds(samples: &Samples) -> Vec<Vec<u8>> {
    let reports = [samples.in_folder("reports", ".xml"), samples.in_folder("reports", ".html")].concat();
    let reports = [reports, vec![LISTING.to_vec()]].concat();
    let cuts = [1, 7, 64, 0xa5];
    reports
        .iter()
        .enumerate()
        .map(|(index, report)| [&[cuts[index % cuts.len()]], as_wanted(report).as_slice()].concat())
        .collect()
}

fn as_wanted(report: &[u8]) -> Vec<u8> {
    let attribute = b"lsid=\"";
    let Some(start) = report.windows(attribute.len()).position(|part| part == attribute) else { return report.to_vec() };
    let value = start + attribute.len();
    let length = report[value..].iter().position(|byte| *byte == b'"').unwrap_or_default();
    [&report[..value], WANTED.as_bytes(), &report[value + length..]].concat()
}
