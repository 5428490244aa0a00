//! Looking into a request in either spelling of protocol buffers' JSON.

use serde_json::Value;

/// The field, in the one spelling or the other; null where there is none.
pub(super) fn either<'v>(value: &'v Value, camel: &str, snake: &str) -> &'v Value {
    match &value[camel] {
        Value::Null => &value[snake],
        given => given,
    }
}

/// The members of a repeated field: a single value stands for a list of one.
pub(super) fn items<'v>(value: &'v Value, camel: &str, snake: &str) -> &'v [Value] {
    match either(value, camel, snake) {
        Value::Null => &[],
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

/// The parts of a turn.
pub(super) fn parts(turn: &Value) -> &[Value] {
    items(turn, "parts", "parts")
}

/// The configuration of the answer.
pub(super) fn config(body: &Value) -> &Value {
    either(body, "generationConfig", "generation_config")
}
