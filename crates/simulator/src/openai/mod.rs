//! OpenAI Chat Completions.
//!
//! Shapes follow OpenAI's API reference (<https://platform.openai.com/docs/api-reference/chat>) and its machine-readable
//! OpenAPI file, and the event grammar of recorded traffic.

mod error;
mod events;
mod headers;
pub(crate) mod logprobs;
mod request;
mod shapes;
mod whole;

use http::{HeaderMap, Uri};
use serde_json::{Value, json};

use crate::{
    api_error::{ApiError, Circumstances},
    ask::Ask,
    dialect::{Head, Voice},
    ids::Ids,
    reply::{Event, Mark, Reply},
    rules::{self, Refusal},
};

/// OpenAI's voice.
#[derive(Debug)]
pub(crate) struct OpenAi;

impl Voice for OpenAi {
    fn key<'a>(&self, _uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
        let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).filter(|key| !key.is_empty())
    }

    fn refuse(&self, _uri: &Uri, headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
        rules::openai_chat(headers, body)
    }

    fn ask(&self, _uri: &Uri, body: &Value) -> Ask {
        request::ask(body)
    }

    fn whole(&self, reply: &Reply) -> String {
        whole::whole(reply)
    }

    fn events(&self, reply: &Reply, ask: &Ask) -> Vec<Event> {
        events::events(reply, ask.include_usage)
    }

    fn empty(&self, reply: &Reply, stream: bool) -> Vec<Event> {
        if stream { events::empty(reply) } else { vec![Event::whole(whole::empty(reply))] }
    }

    fn error(&self, error: &ApiError, about: &Circumstances, ids: Ids) -> Value {
        error::document(error, about, ids)
    }

    fn error_event(&self, ids: Ids) -> Event {
        error::event(ids)
    }

    fn ping(&self) -> Event {
        // OpenAI sends none; who speaks its dialect behind a slow model sends comments.
        Event::new(None, "keep-alive".to_owned(), Mark::Comment)
    }

    fn finish_refusal(&self, body: Value, _about: &Circumstances, _ids: Ids) -> Value {
        body
    }

    fn headers(&self, headers: &mut HeaderMap, head: &Head) {
        headers::set_all(headers, head);
    }

    fn models(&self, models: &[&str]) -> Value {
        let data: Vec<_> = models.iter().map(|model| self.model(model)).collect();
        json!({"object": "list", "data": data})
    }

    fn usual_models(&self) -> &'static [&'static str] {
        MODELS
    }

    fn model(&self, model: &str) -> Value {
        json!({"id": model, "object": "model", "created": MODEL_CREATED, "owned_by": "simulator"})
    }
}

/// What is listed where any model is accepted.
const MODELS: &[&str] = &["gpt-4.1", "gpt-4o", "gpt-5"];
/// When every simulated model was made: the first day of 2026.
const MODEL_CREATED: u64 = 1_767_225_600;
