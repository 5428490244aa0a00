//! Watches a connection for requests that give their length twice.
//!
//! `Content-Length` beside `Transfer-Encoding` is how requests are smuggled past proxies that believe the other one (RFC
//! 9112, section 6.1). hyper takes the first of the two out before any service sees the head, so the bytes are watched
//! here, and the edge gets to judge what the caller really sent.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, header};
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whether some request of a connection gave its length twice. Clones share one answer, which never turns back.
#[derive(Clone, Debug, Default)]
pub(super) struct TwoLengths(Arc<AtomicBool>);

impl TwoLengths {
    /// Puts both headers back into a head that came over such a connection. Their values say nothing any more.
    pub(super) fn restore(&self, headers: &mut HeaderMap) {
        if self.0.load(Ordering::Acquire) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
            headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
}

pin_project! {
    /// A connection whose incoming bytes are watched.
    #[derive(Debug)]
    pub(super) struct Watched<S> {
        #[pin]
        stream: S,
        lines: Lines,
        two_lengths: TwoLengths,
    }
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S) -> (Self, TwoLengths) {
        let two_lengths = TwoLengths::default();
        (Self { stream, lines: Lines::default(), two_lengths: two_lengths.clone() }, two_lengths)
    }
}

impl<S: AsyncRead> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let before = buf.filled().len();
        let result = this.stream.poll_read(cx, buf);
        if this.lines.push(&buf.filled()[before..]) {
            this.two_lengths.0.store(true, Ordering::Release);
        }
        result
    }
}

impl<S: AsyncWrite> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Reads lines as they come, in any pieces. Heads are runs of lines up to an empty one.
///
/// Bodies are looked at like heads, for where they begin is not known here. That does no harm: outside of strings JSON
/// has no such line, and inside of them a line break is an escape.
#[derive(Debug, Default)]
struct Lines {
    /// The beginning of the line that is not over.
    line: [u8; LONGEST],
    length: usize,
    content_length: bool,
    transfer_encoding: bool,
    /// HTTP/2 has frames instead of lines, and knows no transfer encoding.
    http2: bool,
}

impl Lines {
    /// Whether a head with both headers has come to light.
    fn push(&mut self, mut bytes: &[u8]) -> bool {
        let mut both = false;
        while !self.http2 && !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let piece = &bytes[..end.unwrap_or(bytes.len())];
            let kept = piece.len().min(LONGEST - self.length);
            self.line[self.length..self.length + kept].copy_from_slice(&piece[..kept]);
            self.length += kept;
            let Some(end) = end else { break };
            bytes = &bytes[end + 1..];
            both |= self.line_ended();
        }
        both
    }

    fn line_ended(&mut self) -> bool {
        let line = &self.line[..std::mem::take(&mut self.length)];
        let begins = |with: &str| {
            line.get(..with.len()).is_some_and(|line| line.eq_ignore_ascii_case(with.as_bytes()))
        };
        if matches!(line, b"" | b"\r") {
            (self.content_length, self.transfer_encoding) = (false, false);
            return false;
        }
        self.content_length |= begins("content-length:");
        self.transfer_encoding |= begins("transfer-encoding:");
        self.http2 = begins("PRI * HTTP/2.0");
        self.content_length && self.transfer_encoding
    }
}

const LONGEST: usize = "transfer-encoding:".len();

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str, piece: usize) -> bool {
        let mut lines = Lines::default();
        text.as_bytes().chunks(piece).fold(false, |both, piece| lines.push(piece) | both)
    }

    #[test]
    fn heads_with_two_lengths_come_to_light_however_they_are_cut() {
        let smuggled = [
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\nHost: a\r\nCONTENT-LENGTH:5\r\n\r\n",
            "GET / HTTP/1.1\nContent-Length: 0\n\nPOST / HTTP/1.1\nTransfer-Encoding: chunked\nContent-Length: 5\n\n",
            "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n",
        ];
        let honest = [
            "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 80\r\n\r\n{\"prompt\": \"\\nContent-Length: 5\\nTransfer-Encoding: chunked\\n\"}",
            "POST / HTTP/1.1\r\nContent-Length: 2\r\nX-Transfer-Encoding: chunked\r\nVary: transfer-encoding:\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        ];
        for piece in [1, 7, 1000] {
            for text in smuggled {
                assert!(both(text, piece), "{piece}: {text}");
            }
            for text in honest {
                assert!(!both(text, piece), "{piece}: {text}");
            }
        }
    }
}
