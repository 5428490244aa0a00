//! OpenAI Chat Completions, and the servers that speak it with an accent.

mod decode_answer;
mod decode_message;
mod decode_request;
mod encode_answer;
mod encode_message;
mod encode_part;
mod encode_request;
mod error;
mod finish;
mod peek;
mod piece;
mod reasoning;
mod skim_answer;
mod stream_decoder;
mod stream_encoder;
mod strict;
mod tool_id;
mod usage;

pub(crate) use self::{
    decode_answer::decode_answer,
    decode_request::decode_request,
    encode_answer::encode_answer,
    encode_request::encode_request,
    error::{decode_error, decode_error_of, encode_error, error_in_answer, message_of, write_attempts},
    peek::peek,
    skim_answer::skim_answer,
    stream_decoder::StreamDecoder,
    stream_encoder::StreamEncoder,
};
