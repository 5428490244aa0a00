//! What servers refuse that speak OpenAI Chat Completions with an accent.

mod complaint;
pub(super) mod deepseek;
pub(super) mod mistral;
pub(super) mod qwen;
mod talk;

pub(super) use self::complaint::Complaint;
