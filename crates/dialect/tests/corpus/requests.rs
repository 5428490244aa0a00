//! Requests: equal in their own dialect, kept in every other.

use serde_json::Value;

use backstop_core::{Dialect, Json, OutputFormat, Request, ToolChoice};
use backstop_dialect::{Encoded, Facts, Severity, Splice, decode_request, encode_request, peek, splice};

use crate::{
    exchange::{Exchange, corpus, others, value},
    substance::substance,
};

fn decode(exchange: &Exchange) -> Option<Request> {
    let body = exchange.request.as_ref()?;
    let mut request = decode_request(exchange.dialect, body)
        .unwrap_or_else(|failure| panic!("{}: {failure}", exchange.file));
    if exchange.dialect == Dialect::GeminiGenerate {
        // It stands in the path.
        request.model = "gemini".into();
    }
    Some(request)
}

#[test]
fn they_come_out_of_their_own_dialect_equal() {
    for exchange in corpus() {
        let (Some(request), Some(body)) = (decode(&exchange), &exchange.request) else { continue };
        let Exchange { file, dialect, .. } = &exchange;
        let encoded = encode_request(*dialect, &request, &Facts::default())
            .unwrap_or_else(|failure| panic!("{file}: {failure}"));
        assert_eq!(encoded.losses, [], "{file}");
        assert_eq!(value(&encoded.body), named_alike(value(body)), "{file}");
        // As it goes up to a provider of the same dialect: the caller's own bytes.
        let passed = splice(*dialect, body, &Splice { flavour: exchange.flavour, ..Splice::default() })
            .expect("an object");
        let refused = passed.losses.iter().find(|loss| loss.severity == Severity::Constraint);
        assert!(refused.is_none() || !exchange.status.is_success(), "{file}: {refused:?}");
        if passed.losses.is_empty() && exchange.status.is_success() {
            // What a server of this accent took goes up as it is.
            assert_eq!(value(&passed.body), value(body), "{file}");
        }
        if !request.model.is_empty() {
            let seen = peek(*dialect, body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
            assert!(seen.model == request.model || *dialect == Dialect::GeminiGenerate, "{file}");
            assert_eq!(seen.stream, request.stream.unwrap_or(false), "{file}");
            assert!(seen.needs.tools || request.tools.is_empty(), "{file}");
        }
    }
}

/// Both spellings of protocol buffers' JSON are the same document at Gemini: the one that the API writes.
fn named_alike(document: Value) -> Value {
    let name = |name: String| match name.as_str() {
        "inline_data" => "inlineData".to_owned(),
        "mime_type" => "mimeType".to_owned(),
        _ => name,
    };
    match document {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (name(key), named_alike(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(named_alike).collect()),
        other => other,
    }
}

#[test]
fn they_translate() {
    for exchange in corpus() {
        let Some(request) = decode(&exchange) else { continue };
        for other in others(exchange.dialect) {
            let place = format!("{} to {other}", exchange.file);
            let encoded = encode_request(other, &request, &Facts::default())
                .unwrap_or_else(|failure| panic!("{place}: {failure}"));
            let back =
                decode_request(other, &encoded.body).unwrap_or_else(|failure| panic!("{place}: {failure}"));
            assert_kept(&place, &request, &encoded, &back);
        }
    }
}

/// What of a request is kept, and that all else is reported.
fn assert_kept(place: &str, request: &Request, encoded: &Encoded, back: &Request) {
    let losses = &encoded.losses;
    let lost = |field: &str| losses.iter().any(|loss| loss.field.contains(field));
    let refused = |field: &str| {
        losses.iter().any(|loss| loss.field.contains(field) && loss.severity == Severity::Constraint)
    };
    let (mut before, mut after) = (substance(request), substance(back));
    if back.dialect == Dialect::GeminiGenerate {
        // Results stand in the order of their calls, and schemas are held to by the mode of the whole request.
        before.results.sort();
        after.results.sort();
        before.tools.iter_mut().for_each(|(_, strict, _)| *strict = false);
    }
    if before.said.is_empty() && before.calls.is_empty() && lost("messages") {
        // Instructions alone: some dialects want a user's turn.
        assert_eq!(after.said, before.instructions, "{place}");
        return;
    }
    assert_eq!(after.instructions, before.instructions, "{place}");
    assert_eq!(after.said, before.said, "{place}: {losses:?}");
    assert_eq!(after.calls, before.calls, "{place}");
    assert_eq!(after.results, before.results, "{place}");
    assert!(after.media == before.media || refused("content"), "{place}: {losses:?}");
    assert!(after.tools == before.tools || refused("tools") || lost("strict"), "{place}: {losses:?}");
    // No word is the same as `auto`.
    let choice = |request: &Request| request.tool_choice.clone().filter(|choice| *choice != ToolChoice::Auto);
    assert!(
        choice(back) == choice(request) || back.tools.is_empty() || lost("tool_choice"),
        "{place}: {losses:?}"
    );
    let serial = |request: &Request| request.parallel_tool_calls == Some(false) && !request.tools.is_empty();
    assert!(serial(back) == serial(request) || lost("parallel_tool_calls"), "{place}");
    // Gemini's stands in the path.
    let in_path = [back.dialect, request.dialect].contains(&Dialect::GeminiGenerate);
    assert!(back.stream == request.stream || in_path, "{place}");
    let stop = |request: &Request| request.parameters.stop.as_ref().map(|stop| stop.sequences.clone());
    assert!(stop(back) == stop(request) || lost("stop"), "{place}");
    let asked = request.parameters.max_tokens.is_some();
    assert!(!asked || back.parameters.max_tokens == request.parameters.max_tokens, "{place}");
    let schema = |request: &Request| match &request.output {
        Some(OutputFormat::JsonSchema { schema, .. }) => serde_json::from_str::<Value>(schema.as_str()).ok(),
        _ => None,
    };
    assert!(schema(back) == schema(request) || lost("output"), "{place}: {losses:?}");
    for (name, before, after) in parameters(request, back) {
        assert!(before == after || lost(name), "{place}: `{name}` was {before:?} and is {after:?}");
    }
}

type Pair<'r> = (&'static str, Option<&'r Json>, Option<&'r Json>);

fn parameters<'r>(before: &'r Request, after: &'r Request) -> [Pair<'r>; 8] {
    let (before, after) = (&before.parameters, &after.parameters);
    [
        ("temperature", before.temperature.as_ref(), after.temperature.as_ref()),
        ("top_p", before.top_p.as_ref(), after.top_p.as_ref()),
        ("top_k", before.top_k.as_ref(), after.top_k.as_ref()),
        ("seed", before.seed.as_ref(), after.seed.as_ref()),
        ("presence_penalty", before.presence_penalty.as_ref(), after.presence_penalty.as_ref()),
        ("frequency_penalty", before.frequency_penalty.as_ref(), after.frequency_penalty.as_ref()),
        ("logprobs", before.logprobs.as_ref(), after.logprobs.as_ref()),
        (
            "n",
            before.n.as_ref().filter(|n| n.as_u64() != Some(1)),
            after.n.as_ref().filter(|n| n.as_u64() != Some(1)),
        ),
    ]
}
