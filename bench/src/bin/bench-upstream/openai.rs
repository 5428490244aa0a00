//! OpenAI Chat Completions; the fields are those of the API reference.

use super::Script;

pub(super) const SCRIPT: Script = Script {
    document: r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1790000000,"model":"gpt-4.1-mini","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, and then it does so again until the figures are steady.","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":256,"completion_tokens":22,"total_tokens":278,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default","system_fingerprint":"fp_bench"}"#,
    head: &[concat!(
        r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
        "\n\n"
    )],
    text: concat!(
        r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}"#,
        "\n\n"
    ),
    tail: &[
        concat!(
            r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#,
            "\n\n"
        ),
        concat!(
            r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":[],"usage":{"prompt_tokens":256,"completion_tokens":100,"total_tokens":356}}"#,
            "\n\n"
        ),
        "data: [DONE]\n\n",
    ],
    error: r#"{"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":null}}"#,
};
