//! Anthropic Messages.
//!
//! Shapes follow Anthropic's API reference (<https://platform.claude.com/docs/en/api/messages>, `/messages-streaming` and
//! `/errors`), and the event grammar of recorded traffic.

mod error;
mod events;
mod headers;
mod request;
mod shapes;
mod signature;
mod whole;

use http::{HeaderMap, Uri};
use serde_json::{Value, json};

use crate::{
    api_error::{ApiError, Circumstances},
    ask::Ask,
    dialect::{Head, Voice},
    ids::Ids,
    reply::{Event, Reply},
    rules::{self, Refusal},
};

/// Anthropic's voice.
#[derive(Debug)]
pub(crate) struct Anthropic;

impl Voice for Anthropic {
    fn key<'a>(&self, _uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
        let key = headers.get("x-api-key").and_then(|key| key.to_str().ok());
        let bearer = || headers.get(http::header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ");
        key.or_else(bearer).map(str::trim).filter(|key| !key.is_empty())
    }

    fn refuse(&self, _uri: &Uri, headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
        rules::anthropic_messages(headers, body)?;
        signature::refuse(body)
    }

    fn ask(&self, _uri: &Uri, body: &Value) -> Ask {
        request::ask(body)
    }

    fn whole(&self, reply: &Reply) -> String {
        whole::whole(reply)
    }

    fn events(&self, reply: &Reply, _ask: &Ask) -> Vec<Event> {
        events::events(reply)
    }

    fn empty(&self, reply: &Reply, stream: bool) -> Vec<Event> {
        if stream { events::empty(reply) } else { vec![Event::whole(whole::empty(reply))] }
    }

    fn error(&self, error: &ApiError, about: &Circumstances, ids: Ids) -> Value {
        self.finish_refusal(error::document(error, about), about, ids)
    }

    fn error_event(&self, _ids: Ids) -> Event {
        error::event()
    }

    fn ping(&self) -> Event {
        events::ping()
    }

    fn finish_refusal(&self, mut body: Value, _about: &Circumstances, ids: Ids) -> Value {
        body["request_id"] = Value::String(headers::request_id(ids));
        body
    }

    fn headers(&self, headers: &mut HeaderMap, head: &Head) {
        headers::set_all(headers, head);
    }

    fn models(&self, models: &[&str]) -> Value {
        let data: Vec<_> = models.iter().map(|model| self.model(model)).collect();
        json!({"data": data, "has_more": false, "first_id": models.first(), "last_id": models.last()})
    }

    fn usual_models(&self) -> &'static [&'static str] {
        MODELS
    }

    fn model(&self, model: &str) -> Value {
        json!({"type": "model", "id": model, "display_name": model, "created_at": "2026-01-01T00:00:00Z"})
    }
}

/// What is listed where any model is accepted.
const MODELS: &[&str] = &["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"];
