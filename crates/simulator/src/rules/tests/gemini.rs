#![expect(clippy::needless_pass_by_value, reason = "cases are short to write with values")]

use http::Uri;
use serde_json::{Value, json};

use super::{Case, hold, refused, with};
use crate::rules::{Refusal, gemini_generate, of_gemini_generate};

#[test]
fn every_rule_refuses_its_case_and_takes_the_mended_one() {
    hold(of_gemini_generate(), cases(), sent);
}

#[test]
fn the_complaint_is_the_providers_own() {
    let refusal = sent(&ask(json!({"generationConfig": {"foo": 1}, "bar": 2}))).unwrap_err();
    let (bar, foo) = (
        "Invalid JSON payload received. Unknown name \"bar\": Cannot find field.",
        "Invalid JSON payload received. Unknown name \"foo\" at 'generation_config': Cannot find field.",
    );
    let violations = json!([{"description": bar}, {"field": "generation_config", "description": foo}]);
    let details =
        json!([{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}]);
    let error = json!({"code": 400, "message": format!("{bar}\n{foo}"), "status": "INVALID_ARGUMENT", "details": details});
    assert_eq!(refusal.body, json!({"error": error}));
    let refusal = sent(&ask(json!({"contents": []}))).unwrap_err();
    assert_eq!(
        refusal.body["error"]["message"],
        "* GenerateContentRequest.contents: contents is not specified\n"
    );
    let talk = json!([user(), calls(2, false), answers(1)]);
    let refusal = sent(&ask(json!({"contents": talk}))).unwrap_err();
    assert_eq!(
        refusal.body["error"]["message"],
        "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
    );
}

#[test]
fn good_requests_are_taken() {
    for body in [
        ask(json!({"contents": {"parts": {"text": "hi"}}})),
        ask(json!({"system_instruction": {"parts": [{"text": "s"}]}, "safetySettings": null})),
        ask(
            json!({"generationConfig": {"temperature": 2, "topP": 0.5, "topK": "40", "seed": 7, "stopSequences": ["a"]}}),
        ),
        ask(
            json!({"contents": [user(), calls(2, false), answers(2), user(), {"role": "model", "parts": [{"text": "so"}]}]}),
        ),
        ask(json!({"tools": [{"googleSearch": {}}, {"codeExecution": {}}]})),
        of(
            "gemini-3-flash-preview",
            json!({
                "tools": [function("f")],
                "generationConfig": {"responseMimeType": "application/json", "thinkingConfig": {"thinkingLevel": "LOW"}},
            }),
        ),
        of(
            "gemini-3-flash-preview",
            json!({"contents": [user(), calls(1, false), answers(1), {"role": "model", "parts": [{"text": "so"}]}, user()]}),
        ),
        of(
            "of-tomorrow",
            json!({"generationConfig": {"presencePenalty": 1, "thinkingConfig": {"thinkingBudget": 9_000_000}}}),
        ),
    ] {
        let answer = sent(&body);
        assert!(answer.is_ok(), "{body}: {answer:?}");
    }
}

#[test]
fn of_two_faults_the_same_one_is_told() {
    let told = |change: Value| refused(&sent(&ask(change)));
    assert_eq!(told(json!({"contents": [], "zzz": 1})), Some("field-unknown"));
    assert_eq!(
        told(json!({"contents": [], "generationConfig": {"temperature": 3}})),
        Some("contents-missing")
    );
}

fn cases() -> Vec<Case> {
    let mut cases = of_payload();
    cases.extend(of_contents());
    cases.extend(of_tools());
    cases.extend(of_config());
    cases.extend(of_turns());
    cases.extend(of_thinking());
    cases
}

fn of_payload() -> Vec<Case> {
    let part = |part: Value| ask(json!({"contents": [{"role": "user", "parts": [part]}]}));
    vec![
        ("body-not-an-object", json!([]), ask(json!({}))),
        ("field-unknown", ask(json!({"messages": []})), ask(json!({}))),
        ("field-unknown", part(json!({"text": "a", "type": "text"})), part(json!({"text": "a"}))),
        (
            "field-unknown",
            schema(json!({"type": "OBJECT", "additionalProperties": false})),
            schema(json!({"type": "OBJECT"})),
        ),
        (
            "field-not-repeated",
            schema(json!({"type": ["string", "null"]})),
            schema(json!({"type": "STRING"})),
        ),
        ("field-type", config("temperature", json!("hot")), config("temperature", json!(1))),
        ("field-type", config("maxOutputTokens", json!(1.5)), config("maxOutputTokens", json!(1))),
        ("enum-unknown", calling(json!({"mode": "required"})), calling(json!({"mode": "auto"}))),
        (
            "part-has-two",
            part(
                json!({"text": "a", "fileData": {"mimeType": "image/png", "fileUri": "https://example.com/a"}}),
            ),
            part(json!({"text": "a"})),
        ),
        (
            "bytes-not-base64",
            part(json!({"inlineData": {"mimeType": "image/png", "data": "data:image/png;base64,AA"}})),
            part(json!({"inlineData": {"mimeType": "image/png", "data": PNG}})),
        ),
    ]
}

fn of_contents() -> Vec<Case> {
    let says = |contents: Value| ask(json!({"contents": contents}));
    let part = |part: Value| says(json!([{"role": "user", "parts": [part]}]));
    let inline = |kind: &str, data: &str| part(json!({"inlineData": {"mimeType": kind, "data": data}}));
    let file = |uri: &str| part(json!({"fileData": {"mimeType": "image/png", "fileUri": uri}}));
    vec![
        ("contents-missing", ask(json!({"contents": null})), ask(json!({}))),
        ("contents-missing", says(json!([])), ask(json!({}))),
        ("role-unknown", says(json!([{"role": "assistant", "parts": [{"text": "a"}]}])), ask(json!({}))),
        ("role-unknown", says(json!([{"role": "system", "parts": [{"text": "a"}]}])), ask(json!({}))),
        ("parts-empty", says(json!([{"role": "user", "parts": []}])), ask(json!({}))),
        ("part-empty", part(json!({"thought": true})), part(json!({"thought": true, "text": "a"}))),
        (
            "function-call-name-missing",
            says(json!([user(), {"role": "model", "parts": [{"functionCall": {"args": {}}}]}])),
            says(json!([user(), calls(1, false)])),
        ),
        (
            "function-response-name-missing",
            says(
                json!([user(), calls(1, false), {"role": "user", "parts": [{"functionResponse": {"response": {}}}]}]),
            ),
            says(json!([user(), calls(1, false), answers(1)])),
        ),
        ("inline-data-mime-type", inline("", PNG), inline("image/png", PNG)),
        ("inline-data-mime-type", inline("image/gif", PNG), inline("image/png", PNG)),
        ("image-bytes", inline("image/png", "aGVsbG8="), inline("image/png", PNG)),
        ("file-uri-unreachable", file("https://nowhere.invalid/a.png"), file("https://example.com/a.png")),
        ("file-uri-unreachable", file("a.png"), file("https://example.com/a.png")),
        (
            "system-instruction-parts",
            ask(json!({"systemInstruction": {"parts": []}})),
            ask(json!({"systemInstruction": {"parts": [{"text": "s"}]}})),
        ),
    ]
}

fn of_tools() -> Vec<Case> {
    let named = |name: &str| ask(json!({"tools": [function(name)]}));
    let both = |beside: Value| {
        let function = with(json!({"name": "f", "parametersJsonSchema": {"type": "object"}}), beside);
        ask(json!({"tools": [{"functionDeclarations": [function]}]}))
    };
    let json_answer = json!({"responseMimeType": "application/json"});
    vec![
        ("function-name-pattern", named("1f"), named("f1")),
        ("function-name-pattern", named("f f"), named("f.f")),
        ("function-name-pattern", named(&"f".repeat(65)), named(&"f".repeat(64))),
        ("function-parameters-twice", both(json!({"parameters": {"type": "OBJECT"}})), both(json!({}))),
        (
            "function-parameters-schema",
            schema(json!({"type": "ARRAY"})),
            schema(json!({"type": "ARRAY", "items": {"type": "STRING"}})),
        ),
        (
            "function-parameters-schema",
            schema(json!({"type": "OBJECT", "properties": {}, "required": ["a"]})),
            schema(json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]})),
        ),
        (
            "function-parameters-schema",
            schema(json!({"type": "INTEGER", "enum": ["1"]})),
            schema(json!({"type": "STRING", "enum": ["1"]})),
        ),
        (
            "choice-without-functions",
            ask(json!({"toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}})),
            calling(json!({"mode": "AUTO"})),
        ),
        (
            "choice-without-functions",
            of("gemini-3-flash-preview", json!({"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}})),
            of("gemini-3-flash-preview", json!({"toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}})),
        ),
        (
            "allowed-names-without-any",
            calling(json!({"mode": "AUTO", "allowedFunctionNames": ["f"]})),
            calling(json!({"mode": "ANY", "allowedFunctionNames": ["f"]})),
        ),
        (
            "allowed-name-undeclared",
            calling(json!({"mode": "ANY", "allowedFunctionNames": ["g"]})),
            calling(json!({"mode": "ANY", "allowedFunctionNames": ["f"]})),
        ),
        (
            "tools-of-both-kinds",
            ask(json!({"tools": [function("f"), {"googleSearch": {}}]})),
            ask(json!({"tools": [function("f")]})),
        ),
        (
            "tools-with-json",
            ask(json!({"tools": [function("f")], "generationConfig": json_answer})),
            ask(json!({"generationConfig": json_answer})),
        ),
        (
            "tools-with-json",
            ask(json!({"tools": [{"googleSearch": {}}], "generationConfig": json_answer})),
            ask(json!({"tools": [{"googleSearch": {}}]})),
        ),
        (
            "cached-content-with-tools",
            ask(json!({"cachedContent": "cachedContents/a", "tools": [function("f")]})),
            ask(json!({"tools": [function("f")]})),
        ),
        ("cached-content-unknown", ask(json!({"cachedContent": "cachedContents/a"})), ask(json!({}))),
    ]
}

fn of_config() -> Vec<Case> {
    let some = |change: Value| ask(json!({"generationConfig": change}));
    let list = |count: usize| json!(vec!["a"; count]);
    let json_of =
        |name: &str, schema: Value| some(json!({"responseMimeType": "application/json", name: schema}));
    vec![
        ("temperature-range", config("temperature", json!(2.1)), config("temperature", json!(2))),
        ("temperature-range", config("temperature", json!(-0.1)), config("temperature", json!(0))),
        ("top-p-range", config("topP", json!(1.1)), config("topP", json!(1))),
        ("top-k-range", config("topK", json!(0)), config("topK", json!(1))),
        ("max-output-tokens-range", config("maxOutputTokens", json!(0)), config("maxOutputTokens", json!(1))),
        (
            "max-output-tokens-range",
            config("maxOutputTokens", json!(70_000)),
            config("maxOutputTokens", json!(65_536)),
        ),
        ("candidate-count-range", config("candidateCount", json!(9)), config("candidateCount", json!(8))),
        ("stop-sequences-too-many", config("stopSequences", list(6)), config("stopSequences", list(5))),
        (
            "stop-sequences-too-many",
            config("stopSequences", json!([""])),
            config("stopSequences", json!([" "])),
        ),
        ("penalty-unsupported", config("presencePenalty", json!(0.2)), config("presencePenalty", json!(0))),
        (
            "logprobs-without-response-logprobs",
            config("logprobs", json!(2)),
            some(json!({"logprobs": 2, "responseLogprobs": true})),
        ),
        (
            "response-mime-type-unknown",
            config("responseMimeType", json!("text/html")),
            config("responseMimeType", json!("text/plain")),
        ),
        (
            "response-schema-without-json",
            config("responseJsonSchema", json!({"type": "object"})),
            json_of("responseJsonSchema", json!({"type": "object"})),
        ),
        (
            "response-schema-twice",
            some(
                json!({"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}, "responseJsonSchema": {}}),
            ),
            json_of("responseSchema", json!({"type": "STRING"})),
        ),
        (
            "response-schema",
            json_of("responseSchema", json!({"type": "ARRAY"})),
            json_of("responseSchema", json!({"type": "ARRAY", "items": {"type": "STRING"}})),
        ),
    ]
}

fn of_turns() -> Vec<Case> {
    let says = |contents: Value| ask(json!({"contents": contents}));
    let third = |contents: Value| of("gemini-3-flash-preview", json!({"contents": contents}));
    vec![
        (
            "function-response-without-call",
            says(json!([user(), answers(1)])),
            says(json!([user(), calls(1, false), answers(1)])),
        ),
        (
            "function-call-first",
            says(json!([calls(1, false), answers(1)])),
            says(json!([user(), calls(1, false), answers(1)])),
        ),
        (
            "function-responses-count",
            says(json!([user(), calls(2, false), answers(1)])),
            says(json!([user(), calls(2, false), answers(2)])),
        ),
        (
            "function-responses-count",
            says(json!([user(), calls(1, false), user()])),
            says(json!([user(), calls(1, false), answers(1), user()])),
        ),
        (
            "thought-signature-missing",
            third(json!([user(), calls(2, false), answers(2)])),
            third(json!([user(), calls(2, true), answers(2)])),
        ),
    ]
}

fn of_thinking() -> Vec<Case> {
    let told =
        |model: &str, thinking: Value| of(model, json!({"generationConfig": {"thinkingConfig": thinking}}));
    vec![
        (
            "thinking-told-twice",
            told("gemini-3-flash-preview", json!({"thinkingLevel": "LOW", "thinkingBudget": 1024})),
            told("gemini-3-flash-preview", json!({"thinkingLevel": "LOW"})),
        ),
        (
            "thinking-level-unsupported",
            told("gemini-2.5-flash", json!({"thinkingLevel": "LOW"})),
            told("gemini-2.5-flash", json!({"thinkingBudget": 1024})),
        ),
        (
            "thinking-budget-range",
            told("gemini-2.5-pro", json!({"thinkingBudget": 0})),
            told("gemini-2.5-flash", json!({"thinkingBudget": 0})),
        ),
        (
            "thinking-budget-range",
            told("gemini-2.5-flash", json!({"thinkingBudget": 24_577})),
            told("gemini-2.5-pro", json!({"thinkingBudget": 24_577})),
        ),
        (
            "thinking-unsupported",
            told("gemini-2.0-flash", json!({"thinkingBudget": 512})),
            told("gemini-2.0-flash", json!({"thinkingBudget": 0})),
        ),
    ]
}

/// Sends a body that bears its model, which belongs into the path.
fn sent(body: &Value) -> Result<(), Refusal> {
    let mut body = body.clone();
    let model = body.as_object_mut().and_then(|body| body.remove("MODEL"));
    let model = model.as_ref().and_then(Value::as_str).unwrap_or("gemini-2.5-flash").to_owned();
    let uri: Uri = format!("/v1beta/models/{model}:generateContent").parse().unwrap();
    gemini_generate(&uri, &body)
}

fn ask(change: Value) -> Value {
    with(json!({"contents": [user()]}), change)
}

fn of(model: &str, change: Value) -> Value {
    ask(with(json!({"MODEL": model}), change))
}

fn config(name: &str, value: Value) -> Value {
    ask(json!({"generationConfig": {name: value}}))
}

fn calling(config: Value) -> Value {
    ask(json!({"tools": [function("f")], "toolConfig": {"functionCallingConfig": config}}))
}

fn schema(schema: Value) -> Value {
    ask(json!({"tools": [{"functionDeclarations": [{"name": "f", "parameters": schema}]}]}))
}

fn function(name: &str) -> Value {
    json!({"functionDeclarations": [{"name": name}]})
}

fn user() -> Value {
    json!({"role": "user", "parts": [{"text": "hi"}]})
}

fn calls(count: usize, signed: bool) -> Value {
    let mut parts = vec![json!({"functionCall": {"name": "f", "args": {}}}); count];
    if signed {
        parts[0]["thoughtSignature"] = json!("skip_thought_signature_validator");
    }
    json!({"role": "model", "parts": parts})
}

fn answers(count: usize) -> Value {
    json!({"role": "user", "parts": vec![json!({"functionResponse": {"name": "f", "response": {}}}); count]})
}

/// One black pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
