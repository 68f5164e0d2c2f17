//! The part of the reader that knows bytes: takes them in whatever pieces they arrive, finds the tokens that are complete (a tag, a
//! text, a comment), hands them to the [`Builder`], and keeps what is not complete until more has come. Within bounds: one
//! text of 100 MB would be 100 MB of memory before anybody could object.
//!
//! Bytes that are not UTF-8 (a name that an old client cut within a character) become U+FFFD and are counted: a session is worth more
//! than a letter. Which ones are replaced does not depend on the pieces: they are looked at once a character is complete.

use std::io::BufRead;
use std::str::{Utf8Error, from_utf8};

use quick_xml::errors::SyntaxError;
use quick_xml::events::Event;
use quick_xml::{Error, Reader};

use super::ReportError;
use super::builder::{Builder, Draft, Problem};
use super::limits::{Limit, TOKEN_BYTES_MAX, TOTAL_BYTES_MAX};

/// The tokeniser strips it from the beginning of what it reads, which may be anywhere in the answer. So one is put there, and the
/// answer's own stay what they are: blanks at its very beginning, characters everywhere else.
const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// So many bytes are looked at in one go.
const PIECE_BYTES: usize = 64 * 1024;

/// More blanks in a row than these are nothing that is there to be read by people.
const INDENTATION_BYTES_MAX: usize = 64;

/// What stands for bytes that are not UTF-8.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// An answer that is arriving.
pub(super) struct Arriving<D> {
    builder: Builder<D>,
    /// A byte order mark, then the bytes from the first token on that is not complete.
    pending: Vec<u8>,
    /// So many of the pending bytes are UTF-8. The others, three at most, are the beginning of a character.
    readable: usize,
    /// How many bytes have come.
    received: u64,
    /// How many replacements were put in.
    replaced: u32,
    /// With so many pending bytes it is worth another look. Twice as many each time, so that a token of 4 MB which comes in small
    /// pieces is not looked through from its beginning for each of them.
    enough: usize,
    /// Where in the answer the first token begins that is not complete, replacements counted instead of what they replace.
    position: u64,
}

impl<D: Draft> Arriving<D> {
    pub(super) fn new(draft: D) -> Self {
        Self {
            builder: Builder::new(draft),
            pending: BYTE_ORDER_MARK.to_vec(),
            readable: BYTE_ORDER_MARK.len(),
            received: 0,
            replaced: 0,
            enough: 0,
            position: 0,
        }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), ReportError> {
        for piece in bytes.chunks(PIECE_BYTES) {
            let room = usize::try_from(TOTAL_BYTES_MAX - self.received).unwrap_or(usize::MAX);
            if self.pending.len() > PIECE_BYTES {
                // Doubled again and again, a token of 4 MB would take 12 MB while it moves.
                let piece_bytes_max = PIECE_BYTES * REPLACEMENT.len();
                self.pending
                    .reserve_exact(TOKEN_BYTES_MAX as usize + piece_bytes_max - self.pending.len().min(TOKEN_BYTES_MAX as usize));
            }
            let taken = &piece[..piece.len().min(room)];
            self.pending.extend_from_slice(taken);
            self.received += taken.len() as u64;
            self.make_readable(false);
            if self.pending.len() >= self.enough {
                self.look(false)?;
            }
            if piece.len() > room {
                self.look(false)?;
                return Err(ReportError::OverLimit { limit: Limit::TotalBytes, position: TOTAL_BYTES_MAX });
            }
        }
        Ok(())
    }

    /// There are no more bytes.
    pub(super) fn end(mut self) -> Result<D::Whole, ReportError> {
        self.make_readable(true);
        self.look(true)?;
        self.builder.finish(self.replaced, self.received)
    }

    /// The source failed: the bytes that came may say more than that.
    pub(super) fn lost(mut self, error: &std::io::Error) -> ReportError {
        let position = self.received;
        self.look(false).err().unwrap_or(ReportError::Lost { position, kind: error.kind() })
    }

    /// Makes UTF-8 of the bytes that have come. Nothing is moved if they are.
    fn make_readable(&mut self, ended: bool) {
        match from_utf8(&self.pending[self.readable..]) {
            Ok(_) => self.readable = self.pending.len(),
            Err(error) if !ended && is_beginning(&error) => self.readable += error.valid_up_to(),
            Err(_) => self.replace(ended),
        }
    }

    /// The same where something has to be replaced: each sequence of bytes that cannot be part of a character by one U+FFFD, as
    /// every decoder on the web does it.
    fn replace(&mut self, ended: bool) {
        let bytes = self.pending.split_off(self.readable);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.pending.extend_from_slice(chunk.valid().as_bytes());
            self.readable = self.pending.len();
            let rest = chunk.invalid();
            if !ended && chunks.peek().is_none() && from_utf8(rest).is_err_and(|error| is_beginning(&error)) {
                self.pending.extend_from_slice(rest);
            } else if !rest.is_empty() {
                self.pending.extend_from_slice(REPLACEMENT);
                self.readable = self.pending.len();
                self.replaced = self.replaced.saturating_add(1);
            }
        }
    }

    /// Hands over all complete tokens, and keeps the rest.
    fn look(&mut self, ended: bool) -> Result<(), ReportError> {
        let mut reader = Reader::from_reader(&self.pending[..self.readable]);
        // Elements are opened and closed in different looks: the builder minds whether they match.
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        let mut complete = 0;
        loop {
            if !self.builder.is_in_text() {
                complete += skip_indentation(&mut reader);
            }
            let position = self.position + complete;
            let unread = (self.readable - BYTE_ORDER_MARK.len()) as u64 - complete;
            let token = reader.read_event();
            let length = reader.buffer_position() - complete;
            if length > TOKEN_BYTES_MAX {
                return Err(Problem::Limit(Limit::TokenBytes).at(position + TOKEN_BYTES_MAX));
            }
            let rest = reader.get_ref().len() as u64;
            match token {
                Ok(Event::Eof) => break,
                // The text may go on.
                Ok(Event::Text(_)) if rest == 0 && !ended => break,
                Ok(token) => self.builder.push(&token).map_err(|problem| problem.at(position))?,
                Err(error) if lacks_bytes(&error, unread, rest) => {
                    if ended {
                        return Err(ReportError::Truncated { position: self.received });
                    }
                    break;
                }
                Err(error) => return Err(not_xml(&error).at(position)),
            }
            complete += length;
        }
        let rest = usize::try_from(complete).map_or(self.readable, |complete| BYTE_ORDER_MARK.len() + complete);
        self.pending.drain(BYTE_ORDER_MARK.len()..rest);
        self.readable -= rest - BYTE_ORDER_MARK.len();
        self.pending.shrink_to(PIECE_BYTES * 2);
        self.position += complete;
        self.enough = (self.pending.len() * 2).min(TOKEN_BYTES_MAX as usize);
        Ok(())
    }
}

/// Takes the blanks before a tag, which are a third of all tokens and mean nothing. Others are left to the tokeniser and the bounds.
fn skip_indentation(reader: &mut Reader<&[u8]>) -> u64 {
    let start = reader.get_ref();
    let blanks = start.iter().take(INDENTATION_BYTES_MAX).take_while(|byte| byte.is_ascii_whitespace()).count();
    if blanks == 0 || start.get(blanks) != Some(&b'<') {
        return 0;
    }
    reader.stream().consume(blanks);
    blanks as u64
}

/// Whether the bytes are right so far, and only lack the end of their last character.
fn is_beginning(error: &Utf8Error) -> bool {
    error.error_len().is_none()
}

/// Whether the tokeniser failed because it came to the end of the bytes: then it has either taken none of them, or all.
fn lacks_bytes(error: &Error, unread: u64, rest: u64) -> bool {
    match error {
        // What follows `<!` is wrong, unless nothing does.
        Error::Syntax(SyntaxError::InvalidBangMarkup) => unread == "<!".len() as u64,
        Error::Syntax(_) => rest == unread || rest == 0,
        _ => rest == 0,
    }
}

fn not_xml(error: &Error) -> Problem {
    Problem::Malformed(match error {
        Error::IllFormed(_) => "tags or references that do not match",
        _ => "markup that is not XML",
    })
}
