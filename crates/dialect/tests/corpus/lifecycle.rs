//! The grammar of a stream.

use backstop_core::Dialect;
use bytes::Bytes;
use serde_json::Value;

/// One start, each block opened and closed once and in order, one finish, the terminator last.
pub(crate) fn assert_lifecycle(file: &str, dialect: Dialect, stream: &Bytes) {
    let text = std::str::from_utf8(stream).expect("UTF-8");
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    if dialect == Dialect::GeminiGenerate {
        return assert_gemini(file, &data);
    }
    if dialect == Dialect::OpenaiChat {
        assert_eq!(data.iter().filter(|data| **data == "[DONE]").count(), 1, "{file}");
        assert_eq!(data.last(), Some(&"[DONE]"), "{file}");
        let mut ended = Vec::new();
        for chunk in data.iter().filter(|data| **data != "[DONE]") {
            let chunk: Value = serde_json::from_str(chunk).expect("JSON");
            let choices = chunk["choices"].as_array().into_iter().flatten();
            ended.extend(
                choices
                    .filter(|choice| !choice["finish_reason"].is_null())
                    .map(|choice| choice["index"].as_u64()),
            );
        }
        let mut once = ended.clone();
        once.dedup();
        assert!(!ended.is_empty() && once == ended, "{file}: {ended:?}");
        return;
    }
    let (mut open, mut next, mut kinds) = (None, 0, Vec::new());
    for data in data {
        let event: Value = serde_json::from_str(data).expect("JSON");
        let (kind, index) = (event["type"].as_str().expect("a type").to_owned(), event["index"].as_u64());
        match kind.as_str() {
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(next)), "{file}");
                (open, next) = (index, next + 1);
            }
            "content_block_delta" => assert!(index.is_some() && open == index, "{file}"),
            "content_block_stop" => {
                assert!(index.is_some() && open == index, "{file}");
                open = None;
            }
            _ => kinds.push(kind),
        }
    }
    assert_eq!(open, None, "{file}");
    kinds.retain(|kind| kind != "ping");
    assert_eq!(kinds, ["message_start", "message_delta", "message_stop"], "{file}");
}

/// Each candidate ends once, in the last chunk that holds any, and nothing but data is there.
fn assert_gemini(file: &str, data: &[&str]) {
    let chunks: Vec<Value> = data.iter().map(|data| serde_json::from_str(data).expect("JSON")).collect();
    assert!(!chunks.is_empty(), "{file}");
    let ended = |chunk: &Value| {
        let candidates = chunk["candidates"].as_array().into_iter().flatten();
        candidates.filter(|candidate| !candidate["finishReason"].is_null()).count()
    };
    let blocked = chunks.iter().any(|chunk| !chunk["promptFeedback"]["blockReason"].is_null());
    let ends: usize = chunks.iter().map(ended).sum();
    assert!(blocked || ends > 0, "{file}");
    let last = chunks.iter().rposition(|chunk| !chunk["candidates"].is_null());
    assert!(last.is_none_or(|last| ended(&chunks[last]) > 0), "{file}: the end is the last word");
    for part in chunks
        .iter()
        .flat_map(|chunk| chunk["candidates"][0]["content"]["parts"].as_array().into_iter().flatten())
    {
        let call = &part["functionCall"];
        assert!(call.is_null() || call["args"].is_object() || call["args"].is_null(), "{file}: {part}");
    }
}
