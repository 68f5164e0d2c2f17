//! A buffered reader that hands out no more than the bounds allow, counts, and remembers whether the source has ended.
//!
//! quick-xml collects one token (a tag, a text, a comment) in memory before it hands it over; without this, one text of
//! 100 MB would be 100 MB of memory before anybody could object.

use std::io::{self, BufRead, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::limits::{Limit, TOKEN_BYTES_MAX, TOTAL_BYTES_MAX};

/// A reader within bounds.
pub(super) struct Bounded<R> {
    inner: R,
    consumed: u64,
    token_start: u64,
    ended: bool,
    exceeded: Option<Limit>,
}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, consumed: 0, token_start: 0, ended: false, exceeded: None }
    }

    /// A new token begins here; says where that is.
    pub(super) fn begin_token(&mut self) -> u64 {
        self.token_start = self.consumed;
        self.consumed
    }

    /// Bytes handed out so far.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The source has no more bytes: what is incomplete now stays so.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The bound that made reading fail, if one did.
    pub(super) fn exceeded(&self) -> Option<Limit> {
        self.exceeded
    }

    /// How many more bytes may be handed out before a bound is met, and which one that is.
    fn allowance(&self) -> (usize, Limit) {
        let token = TOKEN_BYTES_MAX.saturating_sub(self.consumed - self.token_start);
        let total = TOTAL_BYTES_MAX.saturating_sub(self.consumed);
        let (bytes, limit) = if total < token { (total, Limit::TotalBytes) } else { (token, Limit::TokenBytes) };
        (usize::try_from(bytes).unwrap_or(usize::MAX), limit)
    }
}

/// What of the bytes at hand may be handed out.
fn within<'bytes>(
    bytes: &'bytes [u8],
    (allowed, limit): (usize, Limit),
    ended: &mut bool,
    exceeded: &mut Option<Limit>,
) -> io::Result<&'bytes [u8]> {
    *ended = bytes.is_empty();
    if allowed == 0 && !bytes.is_empty() {
        *exceeded = Some(limit);
        return Err(io::Error::other("over a limit"));
    }
    Ok(&bytes[..bytes.len().min(allowed)])
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let allowance = self.allowance();
        within(self.inner.fill_buf()?, allowance, &mut self.ended, &mut self.exceeded)
    }

    fn consume(&mut self, bytes: usize) {
        self.inner.consume(bytes);
        self.consumed += bytes as u64;
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?.read(buffer)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

impl<R: AsyncBufRead + Unpin> AsyncBufRead for Bounded<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        let allowance = this.allowance();
        Pin::new(&mut this.inner)
            .poll_fill_buf(context)
            .map(|filled| within(filled?, allowance, &mut this.ended, &mut this.exceeded))
    }

    fn consume(self: Pin<&mut Self>, bytes: usize) {
        let this = self.get_mut();
        Pin::new(&mut this.inner).consume(bytes);
        this.consumed += bytes as u64;
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let filled = std::task::ready!(self.as_mut().poll_fill_buf(context))?;
        let bytes = filled.len().min(buffer.remaining());
        buffer.put_slice(&filled[..bytes]);
        self.consume(bytes);
        Poll::Ready(Ok(()))
    }
}
