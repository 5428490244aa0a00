//! Google Gemini: `generateContent` and `streamGenerateContent`.
//!
//! Shapes follow the Gemini API reference (<https://ai.google.dev/api/generate-content>), the errors Google's error model
//! (<https://cloud.google.com/apis/design/errors>), and the order of fields and chunks recorded traffic.

mod error;
mod events;
mod headers;
mod path;
mod request;
mod schema;
mod shapes;
mod signature;
mod whole;

use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use crate::{
    api_error::{ApiError, Circumstances},
    ask::Ask,
    dialect::{Head, Voice},
    ids::Ids,
    reply::{Event, Form, Mark, Reply},
    rules::{self, Refusal},
};

/// Gemini's voice.
#[derive(Debug)]
pub(crate) struct Gemini;

impl Voice for Gemini {
    fn key<'a>(&self, uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
        let header = headers.get("x-goog-api-key").and_then(|key| key.to_str().ok());
        header.or_else(|| path::in_query(uri, "key")).map(str::trim).filter(|key| !key.is_empty())
    }

    fn model_of<'a>(&self, uri: &'a Uri, _body: &'a Value) -> Option<&'a str> {
        path::model(uri)
    }

    fn form(&self, uri: &Uri, _body: &Value) -> Form {
        path::form(uri)
    }

    fn refuse(&self, uri: &Uri, _headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
        rules::gemini_generate(uri, body)?;
        signature::refuse(body)
    }

    fn ask(&self, uri: &Uri, body: &Value) -> Ask {
        request::ask(uri, body)
    }

    fn whole(&self, reply: &Reply) -> String {
        whole::whole(reply)
    }

    fn events(&self, reply: &Reply, _ask: &Ask) -> Vec<Event> {
        events::events(reply)
    }

    fn closing(&self, form: Form) -> Option<Event> {
        // Events end with the body; a list has its bracket.
        (form == Form::List).then(|| Event::new(None, String::new(), Mark::Sentinel))
    }

    fn empty(&self, reply: &Reply, stream: bool) -> Vec<Event> {
        let nothing = whole::empty(reply);
        vec![if stream { Event::new(None, nothing, Mark::Close) } else { Event::whole(nothing) }]
    }

    fn status(&self, error: &ApiError) -> StatusCode {
        error::status(error)
    }

    fn has_retry_header(&self) -> bool {
        false
    }

    fn content_type(&self, form: Form) -> &'static str {
        match form {
            Form::Events => "text/event-stream",
            Form::Document | Form::List => "application/json; charset=UTF-8",
        }
    }

    fn count(&self, tokens: u64) -> Value {
        json!({"totalTokens": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]})
    }

    fn error(&self, error: &ApiError, about: &Circumstances, ids: Ids) -> Value {
        self.finish_refusal(error::document(error, about), about, ids)
    }

    fn error_event(&self, _ids: Ids) -> Event {
        error::event()
    }

    fn ping(&self) -> Event {
        // Google sends none; who speaks its dialect behind a slow model sends comments.
        Event::new(None, "keep-alive".to_owned(), Mark::Comment)
    }

    fn finish_refusal(&self, body: Value, about: &Circumstances, _ids: Ids) -> Value {
        if about.in_list { json!([body]) } else { body }
    }

    fn headers(&self, headers: &mut HeaderMap, head: &Head) {
        headers::set_all(headers, head);
    }

    fn models(&self, models: &[&str]) -> Value {
        json!({"models": models.iter().map(|model| self.model(model)).collect::<Vec<_>>()})
    }

    fn usual_models(&self) -> &'static [&'static str] {
        MODELS
    }

    fn model(&self, model: &str) -> Value {
        json!({
            "name": format!("models/{model}"),
            "version": "001",
            "displayName": model,
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "temperature": 1,
            "topP": 0.95,
            "topK": 64,
            "maxTemperature": 2,
        })
    }
}

/// What is listed where any model is accepted.
const MODELS: &[&str] = &["gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-flash-preview"];
