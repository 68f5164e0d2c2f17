//! As much of an HTTP/1.1 server as emulated services need, and nothing that would show up in a measurement: one buffer for
//! reading, one write for each answer. Bodies have a length; chunked ones are refused, for no client here sends any.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longer heads than any client here sends.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Larger than anything that Lambda or DynamoDB takes.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A client's connection.
pub struct Connection<S> {
    stream: S,
    buffer: Vec<u8>,
    answer: Vec<u8>,
}

/// A request.
pub struct Request {
    head: String,
    /// What came after the head.
    pub body: Vec<u8>,
}

impl Request {
    /// The request line's method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The request line's path, with its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection that was just accepted.
    pub fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::with_capacity(HEAD_BYTES_MAX), answer: Vec::with_capacity(HEAD_BYTES_MAX) }
    }

    /// The next request, or `None` when the client has gone.
    ///
    /// # Errors
    /// What is not HTTP as expected here, and failures of the connection.
    pub async fn request(&mut self) -> io::Result<Option<Request>> {
        let Some(head_length) = self.read_head().await? else { return Ok(None) };
        let head = String::from_utf8_lossy(&self.buffer[..head_length]).into_owned();
        if header(&head, "transfer-encoding").is_some() {
            return Err(io::Error::other("a chunked request: this server takes only those with a length"));
        }
        let length = header(&head, "content-length").map_or(Ok(0), str::parse).map_err(io::Error::other)?;
        if length > BODY_BYTES_MAX {
            return Err(io::Error::other("a request too large"));
        }
        let body = self.read_body(head_length + END_OF_HEAD.len(), length).await?;
        Ok(Some(Request { head, body }))
    }

    /// The length of the head, once the buffer holds all of it.
    async fn read_head(&mut self) -> io::Result<Option<usize>> {
        let mut searched: usize = 0;
        loop {
            let from = searched.saturating_sub(END_OF_HEAD.len());
            if let Some(found) = self.buffer[from..].windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD) {
                return Ok(Some(from + found));
            }
            searched = self.buffer.len();
            if searched > HEAD_BYTES_MAX {
                return Err(io::Error::other("a head too long"));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes the body out of the buffer, and leaves what comes after it.
    async fn read_body(&mut self, from: usize, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < from + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let body = self.buffer[from..from + length].to_vec();
        self.buffer.drain(..from + length);
        Ok(body)
    }

    /// Answers the request. `headers` are whole lines, each with its line end.
    ///
    /// # Errors
    /// Failures of the connection.
    pub async fn answer(&mut self, status: u16, headers: &str, body: &[u8]) -> io::Result<()> {
        self.answer.clear();
        let length = body.len();
        self.answer.extend_from_slice(format!("HTTP/1.1 {status} -\r\n{headers}content-length: {length}\r\n\r\n").as_bytes());
        self.answer.extend_from_slice(body);
        self.stream.write_all(&self.answer).await?;
        self.stream.flush().await
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
