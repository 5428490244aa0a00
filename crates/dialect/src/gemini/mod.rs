//! Gemini: `generateContent` and `streamGenerateContent`.

mod candidate;
mod error;
mod names;
mod path;
mod peek;
mod read_answer;
mod read_config;
mod read_part;
mod read_request;
mod schema;
mod stream_decoder;
mod stream_encoder;
mod thinking;
mod turns;
mod words;
mod write_answer;
mod write_part;
mod write_request;

pub(crate) use self::{
    error::{decode_error, encode_error},
    names::is_ours,
    path::call_in_path,
    peek::peek,
    read_answer::decode_answer,
    read_request::decode_request,
    stream_decoder::StreamDecoder,
    stream_encoder::StreamEncoder,
    write_answer::encode_answer,
    write_request::encode_request,
};
