//! Anthropic Messages; the fields are those of the API reference.

use super::Script;

pub(super) const SCRIPT: Script = Script {
    document: r#"{"id":"msg_bench","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"The quick brown fox jumps over the lazy dog, and then it does so again until the figures are steady."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":256,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":22,"service_tier":"standard"}}"#,
    head: &[
        concat!(
            "event: message_start\n",
            r#"data: {"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":256,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}"#,
            "\n\n"
        ),
        concat!(
            "event: content_block_start\n",
            r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            "\n\n"
        ),
    ],
    text: concat!(
        "event: content_block_delta\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" token"}}"#,
        "\n\n"
    ),
    tail: &[
        concat!("event: content_block_stop\n", r#"data: {"type":"content_block_stop","index":0}"#, "\n\n"),
        concat!(
            "event: message_delta\n",
            r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":100}}"#,
            "\n\n"
        ),
        concat!("event: message_stop\n", r#"data: {"type":"message_stop"}"#, "\n\n"),
    ],
    error: r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"},"request_id":"req_bench"}"#,
};
