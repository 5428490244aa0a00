//! Compression, flushed after each event so that none waits for the next.

use std::{
    cell::RefCell,
    io::{self, Write},
    rc::Rc,
};

use super::{Frame, Step};
use crate::fault::Encoding;

/// Compresses what `steps` send, as one stream. A stream that breaks has no end.
pub(super) fn compress(steps: &mut [Step<Frame>], encoding: Encoding) {
    let sink = Sink::default();
    let mut encoder = encoder(encoding, sink.clone());
    for step in steps.iter_mut() {
        let (Step::Send(frame) | Step::Forever(frame, _)) = step else { continue };
        // Writing to memory does not fail.
        if encoder.write_all(&frame.bytes).and_then(|()| encoder.flush()).is_ok() {
            frame.bytes = sink.take().into();
        }
    }
    drop(encoder);
    if let Some(Step::Send(frame)) = steps.last_mut() {
        frame.bytes = [frame.bytes.as_ref(), &sink.take()].concat().into();
    }
}

/// The name of an encoding in `content-encoding`.
pub(super) const fn name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gzip => "gzip",
        Encoding::Deflate => "deflate",
        Encoding::Brotli => "br",
    }
}

/// An encoder that writes its end when it is dropped.
fn encoder(encoding: Encoding, sink: Sink) -> Box<dyn Write> {
    let level = flate2::Compression::fast();
    match encoding {
        Encoding::Gzip => Box::new(flate2::write::GzEncoder::new(sink, level)),
        Encoding::Deflate => Box::new(flate2::write::ZlibEncoder::new(sink, level)),
        Encoding::Brotli => {
            Box::new(brotli::CompressorWriter::new(sink, BROTLI_BUFFER, BROTLI_QUALITY, BROTLI_WINDOW))
        }
    }
}

/// Where an encoder writes, and whence we take it after each event.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const BROTLI_BUFFER: usize = 4096;
/// Brotli's qualities go from 0 to 11; this one is for streams.
const BROTLI_QUALITY: u32 = 4;
/// The window's size as a power of two.
const BROTLI_WINDOW: u32 = 20;
