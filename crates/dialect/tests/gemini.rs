//! What is Gemini's own: ids and seals that stand on parts, results without ids, schemas, paths, blocked prompts.

use backstop_core::{
    Completion, Dialect, Edit, Event, Finish, FinishReason, Kind, Parameter, PartKind, RequestId,
};
use backstop_dialect::{
    Encoded, ErrorResponse, Facts, Loss, ReasoningStyle, Severity, Splice, StreamDecoder, StreamEncoder,
    Voice, decode_answer, decode_error, decode_request, encode_answer, encode_error, encode_request, peek,
    splice,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

const GEMINI: Dialect = Dialect::GeminiGenerate;
const OPENAI: Dialect = Dialect::OpenaiChat;
const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

fn voice() -> Voice {
    Voice { id: RequestId::from_u128(7), include_usage: true }
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn value(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

fn translate(from: Dialect, to: Dialect, body: &Value, facts: &Facts) -> (Value, Vec<Loss>) {
    let mut request = decode_request(from, &bytes(body)).expect("a request");
    if request.model.is_empty() {
        request.model = "m".into();
    }
    let Encoded { body, losses } = encode_request(to, &request, facts).expect("a document");
    (value(&body), losses)
}

fn lost(losses: &[Loss], field: &str) -> Option<Severity> {
    losses.iter().find(|loss| loss.field.contains(field)).map(|loss| loss.severity)
}

fn read(dialect: Dialect, stream: &str) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(dialect, 1);
    decoder.push(Bytes::copy_from_slice(stream.as_bytes()));
    let mut events = Vec::new();
    while let Some(event) = decoder.next_event() {
        events.push(event.expect("an event"));
    }
    while let Some(event) = decoder.end() {
        events.push(event.expect("an event"));
    }
    events
}

fn write(dialect: Dialect, events: &[Event]) -> String {
    let mut encoder = StreamEncoder::new(dialect, voice());
    let mut out: Vec<u8> = events.iter().flat_map(|event| encoder.event(event).to_vec()).collect();
    out.extend_from_slice(&encoder.finish());
    String::from_utf8(out).expect("UTF-8")
}

fn chunk(parts: &Value, finish: Option<&str>) -> String {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    let chunk = json!({"candidates": [candidate], "modelVersion": "gemini-x", "responseId": "r1",
        "usageMetadata": {"promptTokenCount": 9, "cachedContentTokenCount": 4, "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "totalTokenCount": 14}});
    format!("data: {chunk}\r\n\r\n")
}

/// An answer that thinks, speaks, and calls two functions at once, sealed on the first.
fn calling() -> String {
    let call = |name: &str| json!({"functionCall": {"name": name, "args": {"x": 1}}});
    let mut first = call("f");
    first["thoughtSignature"] = "CloB".into();
    [
        chunk(&json!([{"text": "hm", "thought": true}]), None),
        chunk(&json!([{"text": "Hel"}]), None),
        chunk(&json!([{"text": "lo"}]), None),
        chunk(&json!([first, call("g")]), Some("STOP")),
    ]
    .concat()
}

#[test]
fn calls_get_ids_and_the_end_says_that_tools_are_called() {
    let answer = Completion::from_deltas(read(GEMINI, &calling()).iter().flat_map(Event::deltas));
    let choice = &answer.choices[0];
    assert_eq!(choice.finish, Some(Finish::new(FinishReason::ToolCalls, "STOP")));
    let ids: Vec<_> = choice
        .parts
        .iter()
        .filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => {
                Some((call.id.to_string(), call.name.to_string(), call.arguments.to_string()))
            }
            _ => None,
        })
        .collect();
    assert_eq!((ids[0].1.as_str(), ids[1].1.as_str(), ids[0].2.as_str()), ("f", "g", "{\"x\":1}"));
    assert!(ids[0].0 != ids[1].0 && ids.iter().all(|(id, ..)| id.len() <= 40), "{ids:?}");
    let usage = answer.usage.expect("usage");
    assert_eq!((usage.input, usage.cache_read, usage.output, usage.reasoning), (5, 4, 3, 2));
    // In the words of the others.
    let openai = write(OPENAI, &read(GEMINI, &calling()));
    assert!(
        openai.contains(r#""reasoning_content":"hm""#) && openai.contains(r#""finish_reason":"tool_calls""#),
        "{openai}"
    );
    assert!(openai.contains(r#""cached_tokens":4"#) && openai.ends_with("data: [DONE]\n\n"), "{openai}");
    let anthropic = write(ANTHROPIC, &read(GEMINI, &calling()));
    assert!(anthropic.contains(r#""stop_reason":"tool_use""#), "{anthropic}");
}

/// The talk that a caller of `dialect` sends once the tools of [`calling`] have answered.
fn next_turn(dialect: Dialect) -> Value {
    let deltas: Vec<_> = read(GEMINI, &calling()).into_iter().flat_map(Event::into_deltas).collect();
    let answer = value(&encode_answer(dialect, &Completion::from_deltas(&deltas), &voice()).body);
    match dialect {
        Dialect::OpenaiChat => {
            let message = &answer["choices"][0]["message"];
            let result = |at: usize| json!({"role": "tool", "tool_call_id": message["tool_calls"][at]["id"], "content": format!("r{at}")});
            // Answered in another order than asked.
            json!({"model": "m", "messages": [{"role": "user", "content": "hi"}, message, result(1), result(0)],
                "tools": [{"type": "function", "function": {"name": "f"}}]})
        }
        Dialect::AnthropicMessages => {
            let calls: Vec<_> = answer["content"]
                .as_array()
                .expect("blocks")
                .iter()
                .filter(|block| block["type"] == "tool_use")
                .collect();
            let result = |at: usize| json!({"type": "tool_result", "tool_use_id": calls[at]["id"], "content": format!("r{at}")});
            json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"},
                {"role": "assistant", "content": answer["content"]}, {"role": "user", "content": [result(1), result(0)]}],
                "tools": [{"name": "f", "input_schema": {"type": "object"}}]})
        }
        _ => {
            let result = |name: &str, at: usize| json!({"functionResponse": {"name": name, "response": {"result": format!("r{at}")}}});
            json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}, answer["candidates"][0]["content"],
                {"role": "user", "parts": [result("f", 0), result("g", 1)]}]})
        }
    }
}

#[test]
fn a_seal_comes_back_on_the_call_that_it_stood_on_through_any_dialect() {
    for dialect in Dialect::ALL {
        let (request, losses) = translate(dialect, GEMINI, &next_turn(dialect), &Facts::default());
        let parts = request["contents"][1]["parts"].as_array().expect("parts");
        let calls: Vec<_> = parts.iter().filter(|part| part["functionCall"].is_object()).collect();
        assert_eq!(calls[0]["thoughtSignature"], "CloB", "{dialect}: {request}");
        assert_eq!(calls[1].get("thoughtSignature"), None, "{dialect}");
        // Ids that nobody gave stay away, and results stand in the order of their calls.
        assert_eq!(calls[0]["functionCall"], json!({"name": "f", "args": {"x": 1}}), "{dialect}");
        let results: Vec<_> = request["contents"][2]["parts"]
            .as_array()
            .expect("parts")
            .iter()
            .map(|part| {
                (
                    part["functionResponse"]["name"].clone(),
                    part["functionResponse"]["response"]["result"].clone(),
                )
            })
            .collect();
        assert_eq!(results, [(json!("f"), json!("r0")), (json!("g"), json!("r1"))], "{dialect}");
        // No other provider sees the seal.
        for other in [OPENAI, ANTHROPIC] {
            let (request, _) = translate(dialect, other, &next_turn(dialect), &Facts::default());
            assert!(
                dialect == other || !request.to_string().contains("CloB"),
                "{dialect} to {other}: {request}"
            );
        }
        let passed = splice(dialect, &bytes(&next_turn(dialect)), &Splice::default()).expect("an object");
        let seen = String::from_utf8_lossy(&passed.body).contains("CloB");
        assert_eq!(seen, dialect == GEMINI, "{dialect}");
        assert!(losses.iter().all(|loss| loss.severity == Severity::Hint), "{dialect}: {losses:?}");
    }
}

#[test]
fn anothers_seal_comes_back_through_a_gemini_caller() {
    let answer = json!({"id": "m", "type": "message", "role": "assistant", "model": "x", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "EqQB+/=="}, {"type": "redacted_thinking", "data": "secret"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}], "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 1, "output_tokens": 1}});
    let deltas = decode_answer(ANTHROPIC, &bytes(&answer)).expect("an answer");
    let document = value(&encode_answer(GEMINI, &Completion::from_deltas(&deltas), &voice()).body);
    let streamed: Vec<Value> = write(GEMINI, &[Event::synthetic(deltas)])
        .split("\r\n\r\n")
        .filter_map(|event| serde_json::from_str::<Value>(event.strip_prefix("data: ")?).ok())
        .flat_map(|chunk| chunk["candidates"][0]["content"]["parts"].as_array().cloned().unwrap_or_default())
        .collect();
    for parts in [document["candidates"][0]["content"]["parts"].as_array().cloned().expect("parts"), streamed]
    {
        // A call that no Gemini model made says so, in the words of the API's own documentation.
        let call = parts.iter().find(|part| part["functionCall"].is_object()).expect("a call");
        assert_eq!(call["thoughtSignature"], "skip_thought_signature_validator");
        let talk = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": parts},
            {"role": "user", "parts": [{"functionResponse": {"id": "toolu_1", "name": "f", "response": {"output": "r"}}}]}]});
        let (back, _) = translate(GEMINI, ANTHROPIC, &talk, &Facts::default());
        assert_eq!(back["messages"][1]["content"], answer["content"], "{parts:?}");
        assert_eq!(back["messages"][2]["content"][0]["tool_use_id"], "toolu_1");
        // Gemini itself never sees it.
        let passed = splice(GEMINI, &bytes(&talk), &Splice::default()).expect("an object");
        let kept = value(&passed.body)["contents"][1]["parts"].to_string();
        assert!(
            !kept.contains("EqQB") && !passed.losses.is_empty() && kept.contains("functionCall"),
            "{kept}"
        );
    }
}

#[test]
fn a_model_that_wants_seals_is_told_where_there_is_none() {
    let talk = json!({"model": "m", "messages": [{"role": "user", "content": "hi"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "1"}, {"role": "tool", "tool_call_id": "b", "content": "2"}]});
    let facts = Facts { reasoning: ReasoningStyle::Effort, ..Facts::default() };
    let (request, _) = translate(OPENAI, GEMINI, &talk, &facts);
    assert_eq!(request["contents"][1]["parts"][0]["thoughtSignature"], "skip_thought_signature_validator");
    assert_eq!(request["contents"][1]["parts"][1].get("thoughtSignature"), None);
    let (request, _) = translate(OPENAI, GEMINI, &talk, &Facts::default());
    assert!(!request.to_string().contains("skip_thought"), "{request}");
}

#[test]
fn constraints_survive_or_are_reported() {
    let question = json!({"model": "m", "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": [
        {"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.jpg"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]}],
        "max_completion_tokens": 9, "temperature": 1.5, "top_p": 0.5, "stop": ["a", "b"], "seed": 7, "n": 2, "presence_penalty": 0.5,
        "tools": [{"type": "function", "function": {"name": "f", "strict": true, "parameters": {"type": "object"}}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": false, "logprobs": true,
        "reasoning_effort": "low", "user": "u1", "logit_bias": {"1": 1},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}});
    let (body, losses) = translate(OPENAI, GEMINI, &question, &Facts::default());
    assert_eq!(body["systemInstruction"], json!({"parts": [{"text": "be brief"}]}));
    assert_eq!(
        body["contents"],
        json!([{"role": "user", "parts": [{"text": "hi"},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://x.test/a.jpg"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}]}])
    );
    assert_eq!(
        body["generationConfig"],
        json!({"maxOutputTokens": 9, "temperature": 1.5, "topP": 0.5, "stopSequences": ["a", "b"],
        "seed": 7, "candidateCount": 2, "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"}, "thinkingConfig": {"includeThoughts": true, "thinkingBudget": 1024}})
    );
    assert_eq!(
        body["toolConfig"],
        json!({"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}})
    );
    assert_eq!(
        body["tools"],
        json!([{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"type": "object"}}]}])
    );
    assert_eq!(lost(&losses, "parallel_tool_calls"), Some(Severity::Constraint));
    assert_eq!(lost(&losses, "logprobs"), Some(Severity::Constraint));
    assert_eq!(lost(&losses, "presence_penalty"), Some(Severity::Hint));
    assert_eq!(
        (lost(&losses, "user"), lost(&losses, "logit_bias")),
        (Some(Severity::Hint), Some(Severity::Hint))
    );
    // Left to the model, a strict tool asks for the mode that holds to schemas.
    let mut free = question.clone();
    free["tool_choice"] = json!("auto");
    let (body, _) = translate(OPENAI, GEMINI, &free, &Facts::default());
    assert_eq!(body["toolConfig"]["functionCallingConfig"]["mode"], "VALIDATED");
    let levels = Facts { reasoning: ReasoningStyle::Effort, ..Facts::default() };
    let (body, _) = translate(OPENAI, GEMINI, &question, &levels);
    assert_eq!(
        body["generationConfig"]["thinkingConfig"],
        json!({"includeThoughts": true, "thinkingLevel": "LOW"})
    );
}

#[test]
fn a_failed_tool_and_its_picture_arrive() {
    let talk = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": [
            {"type": "text", "text": "broke"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}]},
            {"type": "text", "text": "why?"}]}]});
    let (body, losses) = translate(ANTHROPIC, GEMINI, &talk, &Facts::default());
    assert_eq!(
        body["contents"][2]["parts"],
        json!([
        {"functionResponse": {"id": "t1", "name": "f", "response": {"error": "broke"}}},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"text": "why?"}])
    );
    assert_eq!(lost(&losses, "content"), Some(Severity::Hint));
    let (back, _) = translate(GEMINI, ANTHROPIC, &body, &Facts::default());
    assert_eq!(back["messages"][2]["content"][0]["is_error"], true);
    assert_eq!(back["messages"][2]["content"][0]["content"], "broke");
}

#[test]
fn a_blocked_prompt_is_an_answer_that_a_filter_cut() {
    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4}, "modelVersion": "g"});
    let deltas = decode_answer(GEMINI, &bytes(&blocked)).expect("an answer");
    let answer = Completion::from_deltas(&deltas);
    assert_eq!(answer.choices[0].finish, Some(Finish::new(FinishReason::ContentFilter, "SAFETY")));
    assert_eq!(value(&encode_answer(GEMINI, &answer, &voice()).body), blocked);
    let openai = value(&encode_answer(OPENAI, &answer, &voice()).body);
    assert_eq!(openai["choices"][0]["finish_reason"], "content_filter");
    let events = read(GEMINI, &format!("data: {blocked}\n\n"));
    let anthropic = write(ANTHROPIC, &events);
    assert!(
        anthropic.contains(r#""stop_reason":"refusal""#) && anthropic.contains("message_stop"),
        "{anthropic}"
    );
    let failure =
        decode_answer(GEMINI, &Bytes::from_static(b"{\"usageMetadata\":{}}")).expect_err("no candidate");
    assert_eq!(failure.kind(), Kind::Malformed);
}

#[test]
fn a_foreign_stream_is_written_by_the_grammar() {
    let openai = concat!(
        r#"data: {"id":"a","model":"gpt","created":7,"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\""}}]}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"c2","function":{"name":"g","arguments":""}}]}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
        "\n\n",
        r#"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#,
        "\n\ndata: [DONE]\n\n",
    );
    let stream = write(GEMINI, &read(OPENAI, openai));
    let chunks: Vec<Value> = stream
        .split("\r\n\r\n")
        .filter_map(|event| serde_json::from_str(event.strip_prefix("data: ")?).ok())
        .collect();
    assert_eq!(chunks.len(), 4, "{stream}");
    assert_eq!(chunks[0]["candidates"][0]["content"]["parts"], json!([{"text": "Hi"}]));
    assert_eq!(
        chunks[1]["candidates"][0]["content"]["parts"][0]["functionCall"],
        json!({"id": "c1", "name": "f", "args": {"a": 1}})
    );
    assert_eq!(
        chunks[2]["candidates"][0]["content"]["parts"][0]["functionCall"],
        json!({"id": "c2", "name": "g", "args": {}})
    );
    assert_eq!(chunks[3]["candidates"], json!([{"finishReason": "STOP", "index": 0}]));
    assert_eq!(
        chunks[3]["usageMetadata"],
        json!({"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7})
    );
    assert!(chunks.iter().all(|chunk| chunk["responseId"] == "a" && chunk["modelVersion"] == "gpt"));
    // An end without a reason is an error, and nothing follows it.
    let cut = write(
        GEMINI,
        &read(
            OPENAI,
            &openai[..openai.find("data: {\"choices\":[{\"index\":0,\"delta\":{},").expect("there")],
        ),
    );
    assert!(
        cut.trim_end().lines().last().is_some_and(|line| line.starts_with("data: {\"error\":{\"code\":502")),
        "{cut}"
    );
}

#[test]
fn edits_reach_the_document() {
    let body = bytes(
        &json!({"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"temperature": 1, "maxOutputTokens": 99}, "api_key": "sk"}),
    );
    let number = |number: u64| backstop_core::Json::from(number);
    let edits = [
        Edit::Model("other".into()),
        Edit::Cap(Parameter::MaxTokens, number(9)),
        Edit::Drop(Parameter::Temperature),
        Edit::Set(Parameter::Stop, backstop_core::Json::string("END")),
        Edit::Set(Parameter::ReasoningEffort, backstop_core::Json::string("low")),
        Edit::PrependSystem("first".into()),
        Edit::AppendSystem("last".into()),
    ];
    let passed =
        splice(GEMINI, &body, &Splice { edits: &edits, ..Splice::default() }).expect("an object").body;
    assert_eq!(
        value(&passed),
        json!({"contents": [{"parts": [{"text": "hi"}]}],
        "generationConfig": {"maxOutputTokens": 9, "stopSequences": ["END"], "thinkingConfig": {"thinkingLevel": "LOW"}},
        "systemInstruction": {"parts": [{"text": "first"}, {"text": "last"}]}})
    );
    let seen = peek(GEMINI, &body).expect("a request");
    assert_eq!((seen.model.as_str(), seen.max_tokens, seen.choices), ("", Some(99), 1));
    for (body, says) in [
        ("{}", "`contents` must be a list of at least one content"),
        ("{\"contents\":{}}", "`contents` must be a list of contents"),
        ("[]", "the body must be a JSON object"),
    ] {
        let failure = peek(GEMINI, &Bytes::from_static(body.as_bytes())).expect_err(body);
        assert!(failure.message().starts_with(says), "{body}: {failure}");
    }
}

#[test]
fn errors_are_googles_in_both_directions() {
    let body = bytes(
        &json!({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "27s"}]}}),
    );
    let headers = HeaderMap::new();
    let response = ErrorResponse {
        status: StatusCode::TOO_MANY_REQUESTS,
        headers: &headers,
        body: &body,
        wall: std::time::SystemTime::UNIX_EPOCH,
    };
    let failure = decode_error(GEMINI, &response);
    assert_eq!(
        (failure.kind(), failure.retry_after().map(|wait| wait.as_secs())),
        (Kind::RateLimited, Some(27))
    );
    assert_eq!(failure.provider_error().and_then(|error| error.dialect), Some(GEMINI));
    let written = value(&encode_error(GEMINI, &failure, &voice()));
    assert_eq!(
        (&written["error"]["code"], &written["error"]["status"]),
        (&json!(429), &json!("RESOURCE_EXHAUSTED"))
    );
    assert_eq!(written["error"]["details"][0]["retryDelay"], "27s");
    assert_eq!(written["error"]["error_type"], "rate_limit_exceeded");
    let broken =
        read_failure("data: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\n\n");
    assert_eq!(broken, Some(Kind::Overloaded));
}

fn read_failure(stream: &str) -> Option<Kind> {
    let mut decoder = StreamDecoder::new(GEMINI, 1);
    decoder.push(Bytes::copy_from_slice(stream.as_bytes()));
    std::iter::from_fn(|| decoder.next_event()).find_map(|event| event.err().map(|failure| failure.kind()))
}

/// What Google's models of today refuse is not written, and said.
#[test]
fn what_the_models_refuse_is_not_written() {
    let tool = |name: &str, description: &str| json!({"type": "function", "function": {"name": name, "description": description}});
    let question = json!({"model": "gemini-2.5-pro", "messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": 99_000,
        "reasoning_effort": "none", "response_format": {"type": "json_object"},
        "tools": [tool("f", "a"), tool("f", "a"), tool("f", "b"), tool("1f", "c"), tool(&"f".repeat(65), "d")]});
    let facts = Facts { reasoning: ReasoningStyle::Budget, max_output: Some(65_536), ..Facts::default() };
    let (body, losses) = translate(OPENAI, GEMINI, &question, &facts);
    let config = &body["generationConfig"];
    assert_eq!(config["maxOutputTokens"], 65_536);
    assert_eq!(config["thinkingConfig"]["thinkingBudget"], 128);
    assert_eq!(config.get("responseMimeType"), None);
    assert_eq!(lost(&losses, "output"), Some(Severity::Constraint));
    assert_eq!(body["tools"], json!([{"functionDeclarations": [{"name": "f", "description": "a"}]}]));
    let constraints = losses.iter().filter(|loss| loss.field.contains("tools"));
    assert_eq!(constraints.map(|loss| loss.severity).collect::<Vec<_>>(), [Severity::Constraint; 3]);
    let budget = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 60_000,
        "thinking": {"type": "enabled", "budget_tokens": 50_000}});
    let (body, _) = translate(ANTHROPIC, GEMINI, &budget, &facts);
    assert_eq!(body["generationConfig"]["thinkingConfig"]["thinkingBudget"], 24_576);
}

/// Google's SDK writes base64 in the alphabet for URLs; no other dialect reads it.
#[test]
fn inline_data_goes_on_in_the_common_alphabet() {
    let part = json!({"inlineData": {"mimeType": "image/png", "data": "-_-_AA"}});
    let question = json!({"contents": [{"role": "user", "parts": [part]}]});
    let (body, _) = translate(GEMINI, OPENAI, &question, &Facts::default());
    let url = &body["messages"][0]["content"][0]["image_url"]["url"];
    assert_eq!(url, "data:image/png;base64,+/+/AA==");
}
