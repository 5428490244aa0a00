//! What comes back, and what is no answer.

use backstop_core::Dialect;
use backstop_normalize::{NormalizeConfig, ingress::IngressConfig};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::Full;
use serde_json::json;

use crate::support::{ANTHROPIC, Got, OPENAI, answer, plainly, question, send};

async fn asked(from: Dialect, to: Dialect, question: serde_json::Value, answer: impl Into<Bytes>) -> Got {
    let request = Request::new(Full::new(Bytes::from(question.to_string())));
    send(IngressConfig::new(from), NormalizeConfig::new(to), request, Response::new(answer.into())).await
}

fn streamed() -> serde_json::Value {
    let mut question = question();
    question["stream"] = true.into();
    question
}

const CHUNKS: &str = concat!(
    ": comment\r\n\r\n",
    r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","x_vendor":[1,2],"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}"#,
    "\n\n",
);
const USAGE: &str = concat!(
    r#"data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#,
    "\n\n",
);
const DONE: &str = "data: [DONE]\n\n";

#[tokio::test]
async fn bytes_of_the_callers_own_dialect_pass_untouched() {
    for dialect in [OPENAI, ANTHROPIC] {
        let got = plainly(dialect, dialect, HeaderMap::new(), question().to_string()).await;
        assert_eq!(got.body, answer(dialect));
        assert_eq!(got.call().body, question().to_string());
    }
    let mut wants_usage = streamed();
    wants_usage["stream_options"] = json!({"include_usage": true});
    let all = format!("{CHUNKS}{USAGE}{DONE}");
    assert_eq!(asked(OPENAI, OPENAI, wants_usage, all.clone()).await.text(), all);
    // Asked for by us, and hidden from a caller who did not ask.
    let got = asked(OPENAI, OPENAI, streamed(), all).await;
    assert_eq!(got.text(), format!("{CHUNKS}{DONE}"));
    let seen: serde_json::Value = serde_json::from_slice(&got.call().body).expect("JSON");
    assert_eq!(seen["stream_options"]["include_usage"], true);
}

#[tokio::test]
async fn a_missing_terminator_is_no_failure_and_a_missing_end_is() {
    let got = asked(OPENAI, OPENAI, streamed(), CHUNKS).await;
    assert!(got.text().ends_with(DONE) && !got.text().contains("error"), "{}", got.text());
    let half = CHUNKS.replace("\"stop\"", "null");
    for text in [half.clone(), format!("{half}{DONE}")] {
        let got = asked(OPENAI, OPENAI, streamed(), text).await;
        assert!(got.text().contains(r#""error_type":"provider_malformed""#), "{}", got.text());
        assert_eq!(got.text().matches("[DONE]").count(), 1);
    }
}

#[tokio::test]
async fn what_a_body_is_is_told_by_its_bytes() {
    for content_type in ["text/html", "text/plain", "application/octet-stream"] {
        let mut response = Response::new(answer(OPENAI));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let request = Request::new(Full::new(Bytes::from(question().to_string())));
        let got = send(IngressConfig::new(OPENAI), NormalizeConfig::new(OPENAI), request, response).await;
        assert_eq!(
            (got.status.as_u16(), &got.headers["content-type"]),
            (200, &HeaderValue::from_static("application/json"))
        );
    }
    for (to, nonsense) in
        [OPENAI, ANTHROPIC].into_iter().flat_map(|to| NONSENSE.map(|nonsense| (to, nonsense)))
    {
        for question in [question(), streamed()] {
            let got = asked(OPENAI, to, question, nonsense).await;
            assert!(got.text().contains("\"error\""), "{nonsense}: {}", got.text());
        }
    }
}

/// Bodies of a 200 that are no answer.
const NONSENSE: [&str; 7] = [
    "",
    "<html>busy</html>",
    "{\"choices\":[]}",
    "{\"error\":{\"message\":\"no\"}}",
    "{\"id\":",
    "data: {\"choices\":\n\n",
    "not JSON at all",
];
