//! How fast a session report becomes a session, and in how much memory, beside what the XML tokeniser takes for the same bytes.
//!
//! Ours is `appliance::read_report_async`, fed in the pieces in which an answer arrives. The limit is an event loop of the same
//! tokeniser that looks at nothing. Each measurement is a process of its own, so that peak memory means this one file; the two
//! take turns, so that a noisy moment meets both.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use appliance::report::read_report_async;
use futures_util::stream;
use quick_xml::Reader;
use quick_xml::events::Event;
use session::Lsid;
use tokio_util::io::StreamReader;

use crate::sample_report;

/// The hidden verb under which the program runs itself to read one file.
pub(crate) const VERB: &str = "read-report";

/// The sizes that are read, with their names in the table.
const SIZES: [(&str, usize); 4] = [("60 KB", 60_000), ("1 MB", 1_000_000), ("10 MB", 10_000_000), ("100 MB", 100_000_000)];
/// Turns of each reader; the medians count.
const ROUNDS: usize = 7;
/// A process reads a small file again and again until it has read so many bytes: one reading is too short to be timed.
const BYTES_READ_MIN: u64 = 20_000_000;
/// The pieces in which an answer arrives: the plain text of one TLS record.
const PIECE_BYTES: u64 = 16 * 1024;

/// A way to read a file.
type ReadFile = fn(&Path) -> Result<(), Box<dyn Error>>;

/// What one process measured.
#[derive(Clone, Copy)]
struct Reading {
    nanoseconds_per_megabyte: u64,
    peak_kib: u64,
}

/// Reads a file as `<ours|bare> <file>` say, and answers with what [`measure`] reads in its parent: nanoseconds for each
/// million bytes and KiB of peak memory.
///
/// # Errors
///
/// If the arguments are others, or the file cannot be read.
pub(crate) fn read(arguments: &[String]) -> Result<String, Box<dyn Error>> {
    let (reader, file): (ReadFile, _) = match arguments {
        [reader, file] if reader == "ours" => (read_ours, file),
        [reader, file] if reader == "bare" => (read_bare, file),
        _ => return Err(format!("usage: {VERB} ours|bare <file>").into()),
    };
    let bytes = std::fs::metadata(file)?.len();
    let times = (BYTES_READ_MIN / bytes.max(1)).max(1);
    let before = cpu_nanoseconds()?;
    for _ in 0..times {
        reader(Path::new(file))?;
    }
    let nanoseconds = (cpu_nanoseconds()? - before) * 1_000_000 / (bytes * times);
    Ok(format!("{nanoseconds} {}", peak_kib()?))
}

/// As the worker does it: bytes arrive in pieces, and what was read of them is gone.
fn read_ours(file: &Path) -> Result<(), Box<dyn Error>> {
    let lsid: Lsid = sample_report::LSID.parse()?;
    let source = stream::iter(Pieces(File::open(file)?));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let session = runtime.block_on(read_report_async(StreamReader::new(source), &lsid))?;
    std::hint::black_box(session);
    Ok(())
}

/// The contents of a file, piece by piece.
struct Pieces(File);

impl Iterator for Pieces {
    type Item = io::Result<Cursor<Vec<u8>>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = Vec::with_capacity(PIECE_BYTES as usize);
        match (&self.0).take(PIECE_BYTES).read_to_end(&mut piece) {
            Ok(0) => None,
            Ok(_) => Some(Ok(Cursor::new(piece))),
            Err(error) => Some(Err(error)),
        }
    }
}

/// The limit: every token is found, and none is looked at.
fn read_bare(file: &Path) -> Result<(), Box<dyn Error>> {
    let mut reader = Reader::from_reader(BufReader::new(File::open(file)?));
    let mut token = Vec::new();
    loop {
        token.clear();
        if let Event::Eof = std::hint::black_box(reader.read_event_into(&mut token)?) {
            return Ok(());
        }
    }
}

/// What the main thread has used of a processor: other programs on the machine take nothing from that.
///
/// # Errors
///
/// Where there is no such count: it is Linux's.
pub(crate) fn cpu_nanoseconds() -> Result<u64, Box<dyn Error>> {
    let statistics = std::fs::read_to_string("/proc/self/schedstat").map_err(|error| format!("/proc/self/schedstat: {error}"))?;
    Ok(statistics.split_ascii_whitespace().next().ok_or("/proc/self/schedstat is empty")?.parse()?)
}

/// The most memory that this process has had resident.
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find(|line| line.starts_with("VmHWM:")).ok_or("/proc/self/status has no VmHWM: measure on Linux")?;
    Ok(line.split_ascii_whitespace().nth(1).ok_or("VmHWM has no value")?.parse()?)
}

/// Measures all sizes and returns the table in Markdown. The files are made in that directory if they are not there yet.
///
/// # Errors
///
/// If a file cannot be made, or a reading process fails.
pub(crate) fn measure(directory: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::from(
        "| report | ours | bare quick-xml | ours, of the bare speed | peak memory, ours | bare |\n|---|---:|---:|---:|---:|---:|\n",
    );
    for (name, bytes) in SIZES {
        let file = sample_file(directory, bytes)?;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(in_new_process("ours", &file)?);
            bare.push(in_new_process("bare", &file)?);
        }
        let speed = |readings: &[Reading]| 1e9 / median(readings, |reading| reading.nanoseconds_per_megabyte) as f64;
        let memory = |readings: &[Reading]| median(readings, |reading| reading.peak_kib) as f64 / 1024.0;
        writeln!(
            table,
            "| {name} | {:.0} MB/s | {:.0} MB/s | {:.2}x | {:.1} MiB | {:.1} MiB |",
            speed(&ours),
            speed(&bare),
            speed(&ours) / speed(&bare),
            memory(&ours),
            memory(&bare),
        )?;
    }
    Ok(table)
}

fn sample_file(directory: &Path, bytes: usize) -> Result<PathBuf, Box<dyn Error>> {
    std::fs::create_dir_all(directory)?;
    let file = directory.join(format!("report-{bytes}.xml"));
    if !file.exists() {
        let unfinished = file.with_extension("part");
        sample_report::write_of_size(bytes, &mut BufWriter::new(File::create(&unfinished)?))?;
        std::fs::rename(unfinished, &file)?;
    }
    Ok(file)
}

fn in_new_process(reader: &str, file: &Path) -> Result<Reading, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?).args([VERB, reader]).arg(file).output()?;
    if !output.status.success() {
        return Err(format!("reading {}: {}", file.display(), String::from_utf8_lossy(&output.stderr)).into());
    }
    let answer = String::from_utf8(output.stdout)?;
    let mut figures = answer.split_ascii_whitespace().map(str::parse);
    match (figures.next(), figures.next()) {
        (Some(Ok(nanoseconds_per_megabyte)), Some(Ok(peak_kib))) => Ok(Reading { nanoseconds_per_megabyte, peak_kib }),
        _ => Err(format!("reading {}: `{answer}` is no measurement", file.display()).into()),
    }
}

fn median(readings: &[Reading], figure: impl Fn(&Reading) -> u64) -> u64 {
    let mut figures: Vec<u64> = readings.iter().map(figure).collect();
    figures.sort_unstable();
    figures[figures.len() / 2]
}
