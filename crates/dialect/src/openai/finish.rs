//! Finish reasons, in both directions.

use backstop_core::FinishReason;

/// What a provider's word means. `calls`: the answer calls a tool; some servers say `stop` then. `refused`: the model
/// refused in words, at which OpenAI says `stop` too.
pub(super) fn read(word: &str, calls: bool, refused: bool) -> FinishReason {
    match word {
        "stop" | "eos" | "end_turn" if calls => FinishReason::ToolCalls,
        "stop" | "eos" | "end_turn" if refused => FinishReason::Refusal,
        "stop" | "eos" | "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence,
        "length" | "max_tokens" | "model_length" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_calls" | "function_call" | "tool_use" => FinishReason::ToolCalls,
        "content_filter" | "sensitive" => FinishReason::ContentFilter,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::Pause,
        // OpenRouter and Mistral, DeepSeek, Z.ai.
        "error" | "insufficient_system_resource" | "network_error" => FinishReason::Error,
        _ => FinishReason::Other,
    }
}

/// OpenAI's word for a reason; for one that has no twin the nearest that is no success. `native` is the provider's own
/// word, `refused` whether the refusal was told in words.
pub(super) fn write(reason: FinishReason, native: &str, refused: bool) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence => "stop",
        // Send it back to go on, as with an answer that was cut.
        FinishReason::Length | FinishReason::Pause => "length",
        FinishReason::ToolCalls if native == "function_call" => "function_call",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Refusal if refused && native == "stop" => "stop",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
        // OpenRouter's word: OpenAI has none.
        FinishReason::Error | FinishReason::Other => "error",
    }
}
