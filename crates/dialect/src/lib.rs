//! Sans-IO codecs between the wire formats of LLM providers and one unified vocabulary.
//!
//! Bytes in, typed values out, and back: no runtime, no socket, no clock. Every function names the
//! [`Dialect`](backstop_core::Dialect) that it speaks and hands over to that dialect's module.

mod accent;
mod answer;
mod anthropic;
mod apply;
mod dropped;
mod error;
mod facts;
mod gemini;
mod json;
mod loss;
mod openai;
mod request;
mod seal;
mod shortcut;
mod signature;
mod splice;
pub mod sse;
mod stream_decoder;
mod stream_encoder;
mod template;
mod voice;

pub use self::{
    answer::{decode_answer, encode_answer, skim_answer},
    apply::apply,
    error::{ErrorResponse, decode_error, encode_error},
    facts::{Facts, ReasoningStyle},
    loss::{Encoded, Loss, Severity},
    request::{call_in_path, decode_request, decoder, encode_request, peek},
    splice::{Splice, splice},
    stream_decoder::StreamDecoder,
    stream_encoder::StreamEncoder,
    voice::Voice,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
