//! Servers that speak OpenAI Chat Completions with an accent: DeepSeek, Qwen and Mistral.
//!
//! What they share is here, what each does its own way is its [`Manner`]. Shapes and the order of chunks are those of
//! recorded traffic; where a page says more, it is named there.

pub(crate) mod deepseek;
mod events;
mod manner;
pub(crate) mod mistral;
pub(crate) mod qwen;
mod whole;

use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

pub(crate) use self::manner::Manner;
use crate::{
    api_error::{ApiError, Circumstances},
    ask::Ask,
    dialect::{Head, Voice},
    ids::Ids,
    openai::OpenAi,
    reply::{Event, Form, Mark, Reply},
    rules::Refusal,
};

/// The voice of a server with this manner.
#[derive(Debug)]
pub(crate) struct Compatible(pub(crate) &'static Manner);

impl Voice for Compatible {
    fn key<'a>(&self, uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
        OpenAi.key(uri, headers)
    }

    fn refuse(&self, _uri: &Uri, _headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
        (self.0.refuse)(body)
    }

    fn ask(&self, uri: &Uri, body: &Value) -> Ask {
        let asked = OpenAi.ask(uri, body);
        Ask {
            reasoning: (self.0.reasoning)(body),
            logprobs: asked.logprobs.filter(|_| self.0.logprobs),
            ..asked
        }
    }

    fn whole(&self, reply: &Reply) -> String {
        whole::whole(self.0, reply)
    }

    fn events(&self, reply: &Reply, ask: &Ask) -> Vec<Event> {
        events::events(self.0, reply, ask.include_usage)
    }

    fn empty(&self, reply: &Reply, stream: bool) -> Vec<Event> {
        if stream { events::empty(self.0, reply) } else { vec![Event::whole(whole::empty(self.0, reply))] }
    }

    fn status(&self, error: &ApiError) -> StatusCode {
        (self.0.status)(error).unwrap_or_else(|| error.status())
    }

    fn has_retry_header(&self) -> bool {
        false
    }

    fn content_type(&self, form: Form) -> &'static str {
        if form.is_stream() { self.0.event_stream } else { "application/json" }
    }

    fn error(&self, error: &ApiError, about: &Circumstances, ids: Ids) -> Value {
        (self.0.error)(error, about, ids)
    }

    fn error_event(&self, ids: Ids) -> Event {
        let failed = ApiError::Status(StatusCode::INTERNAL_SERVER_ERROR);
        let error = self.error(&failed, &Circumstances::default(), ids);
        Event::new(None, error.to_string(), Mark::Error)
    }

    fn ping(&self) -> Event {
        Event::new(None, "keep-alive".to_owned(), Mark::Comment)
    }

    fn finish_refusal(&self, mut body: Value, _about: &Circumstances, ids: Ids) -> Value {
        (self.0.sign)(&mut body, ids);
        body
    }

    fn headers(&self, headers: &mut HeaderMap, head: &Head) {
        (self.0.headers)(headers, head);
    }

    fn models(&self, models: &[&str]) -> Value {
        let data: Vec<_> = models.iter().map(|model| self.model(model)).collect();
        json!({"object": "list", "data": data})
    }

    fn usual_models(&self) -> &'static [&'static str] {
        self.0.models
    }

    fn model(&self, model: &str) -> Value {
        json!({"id": model, "object": "model", "created": MODEL_CREATED, "owned_by": self.0.owner})
    }
}

/// When every simulated model was made: the first day of 2026.
const MODEL_CREATED: u64 = 1_767_225_600;
