//! Anthropic Messages.

mod error;
mod open_block;
mod peek;
mod read_answer;
mod read_part;
mod read_request;
mod schema;
mod stream_decoder;
mod stream_encoder;
mod thinking;
mod tool_id;
mod turns;
mod words;
mod write_answer;
mod write_part;
mod write_request;
mod write_tools;

pub(crate) use self::{
    error::{decode_error, encode_error},
    peek::peek,
    read_answer::decode_answer,
    read_request::decode_request,
    stream_decoder::StreamDecoder,
    stream_encoder::StreamEncoder,
    write_answer::encode_answer,
    write_request::encode_request,
};
