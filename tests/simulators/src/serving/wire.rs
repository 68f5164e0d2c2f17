//! TCP connections that can be broken on purpose, so that a client meets a real reset and not an HTTP status that says so.
//!
//! A handler orders the break through its [`Wire`] and then returns any answer. The answer never leaves: when hyper starts to
//! write it, the stream does what was ordered instead and fails, and hyper drops the socket.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::locked;

/// How a connection ends instead of carrying the answer.
#[derive(Debug)]
enum Break {
    /// A TCP reset: the client reads "connection reset by peer".
    Reset,
    /// These bytes, then an orderly end of stream: the client reads half an answer, or none.
    Close { last_words: Vec<u8>, written: usize },
}

/// The handle on one connection that a handler gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    ordered: Arc<Mutex<Option<Break>>>,
    requests: Arc<AtomicU64>,
}

impl Wire {
    /// The next answer becomes a TCP reset.
    pub(crate) fn reset(&self) {
        *locked(&self.ordered) = Some(Break::Reset);
    }

    /// The next answer becomes these raw bytes and the end of the stream.
    pub(crate) fn close_after(&self, last_words: Vec<u8>) {
        *locked(&self.ordered) = Some(Break::Close { last_words, written: 0 });
    }

    /// Counts a request in; returns its number on this connection, from 1.
    pub(crate) fn count_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A TCP listener whose streams obey their [`Wire`].
#[derive(Debug)]
pub(crate) struct BreakableListener(pub(crate) TcpListener);

impl Listener for BreakableListener {
    type Io = BreakableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small; waiting for more of them would only slow the tests.
        let _ = stream.set_nodelay(true);
        (BreakableStream { stream, wire: Wire::default() }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, BreakableListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, BreakableListener>) -> Self {
        stream.io().wire.clone()
    }
}

/// A TCP stream that looks for an ordered break before each write.
#[derive(Debug)]
pub(crate) struct BreakableStream {
    stream: TcpStream,
    wire: Wire,
}

impl AsyncRead for BreakableStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match locked(&this.wire.ordered).as_mut() {
            None => Pin::new(&mut this.stream).poll_write(context, bytes),
            Some(Break::Reset) => {
                // Without lingering the kernel answers the coming close with RST instead of FIN.
                this.stream.set_zero_linger()?;
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            Some(Break::Close { last_words, written }) => {
                while *written < last_words.len() {
                    *written += ready!(Pin::new(&mut this.stream).poll_write(context, &last_words[*written..]))?;
                }
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(*locked(&self.wire.ordered), Some(Break::Reset)) {
            // A shutdown would send FIN ahead of the RST, and the client would see an orderly end.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
