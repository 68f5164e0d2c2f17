//! Memory stays flat however large a report is. Ignored by default: it is about the process, so nothing else may run in it, and
//! it takes a while without optimisation. `cargo test -p appliance --release --test memory -- --ignored --test-threads=1`
#![cfg(all(feature = "client", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{BufReader, Read};

use appliance::{read_listing, read_report};
use session::Lsid;

const REPORT_BYTES: usize = 100_000_000;

/// What the whole process may take at its peak.
const MEMORY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A report of about [`REPORT_BYTES`] that is never in memory as a whole: its events are made when they are read.
struct Generated<Event> {
    event: Event,
    number: usize,
    written: usize,
    ready: Vec<u8>,
    position: usize,
    closed: bool,
    tail: &'static str,
}

impl<Event: FnMut(usize) -> String> Generated<Event> {
    fn new(lsid: &Lsid, event: Event) -> Self {
        let head = format!("<session_list><session lsid=\"{lsid}\"><lseq>1</lseq><session_details>");
        Self::between(&head, event, "</session_details></session></session_list>")
    }

    fn between(head: &str, event: Event, tail: &'static str) -> Self {
        Self { event, number: 0, written: 0, ready: head.as_bytes().to_vec(), position: 0, closed: false, tail }
    }

    fn refill(&mut self) {
        self.position = 0;
        self.ready = if self.written < REPORT_BYTES {
            self.number += 1;
            (self.event)(self.number).into_bytes()
        } else if self.closed {
            Vec::new()
        } else {
            self.closed = true;
            self.tail.as_bytes().to_vec()
        };
        self.written += self.ready.len();
    }
}

impl<Event: FnMut(usize) -> String> Read for Generated<Event> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.position == self.ready.len() {
            self.refill();
        }
        let bytes = (&self.ready[self.position..]).read(buffer)?;
        self.position += bytes;
        Ok(bytes)
    }
}

/// The most memory that this process has had resident, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

fn event(kind: &str, number: usize, body: &str) -> String {
    format!(
        "<event timestamp=\"{}\" event_type=\"{kind}\">\n  <performed_by type=\"customer\" gsnumber=\"311\">Jörg Müller</performed_by>\n  \
         <destination type=\"everyone\" gsnumber=\"0\">Everyone</destination>\n  <body>{body} {number}</body>\n</event>\n",
        1_742_302_931 + number
    )
}

#[test]
#[ignore = "takes a process of its own; see the file's head"]
fn report_of_100_mb_takes_32_mib_at_most() {
    let lsid: Lsid = "7d1f0c52a9be4e6f8a3b90d4c6e21f57".parse().unwrap();
    let read = |event: fn(usize) -> String| read_report(BufReader::new(Generated::new(&lsid, event)), &lsid).unwrap();

    // First, for the allocator keeps what it once gave out in small pieces.
    let large_texts = read(|number| event("Chat Message", number, &"x".repeat(4_000_000)));
    assert_eq!(large_texts.events[0].body.as_ref().unwrap().len(), 4_000_002);
    drop(large_texts);
    let short_lines = read(|number| event("Chat Message", number, "a line of the chat"));
    assert!(short_lines.events.len() > 10_000 && short_lines.omitted.events > 100_000);
    drop(short_lines);
    let noise = read(|number| event("Session Foreground Window Changed", number, "explorer.exe"));
    assert!(noise.omitted.events > 100_000);
    drop(noise);
    let everything = read(|number| {
        let kinds = [
            "Chat Message",
            "Session Note Added",
            "File Deleted",
            "Conference Member Added",
            "Registry Key Added",
            "Session Window Closed",
        ];
        event(kinds[number % kinds.len()], number, "text &amp; more")
    });
    assert!(everything.omitted.events > 100_000);
    drop(everything);
    let peak = peak_memory();
    assert!(peak <= MEMORY_BYTES_MAX, "{peak} bytes");
}

#[test]
#[ignore = "takes a process of its own; see the file's head"]
fn list_of_fifty_thousand_sessions_in_100_mb_takes_32_mib_at_most() {
    let session = |number: usize| {
        let (key, more) = ("x".repeat(200), "y".repeat(2_000));
        format!(
            "<session_summary lsid=\"{number:032x}\"><external_key>{key}</external_key><more>{more}</more></session_summary>\n"
        )
    };
    let list = Generated::between("<session_summary_list>", session, "</session_summary_list>");
    assert!(read_listing(BufReader::new(list)).unwrap().len() > 40_000);
    let peak = peak_memory();
    assert!(peak <= MEMORY_BYTES_MAX, "{peak} bytes");
}
