//! What stands in the answer, before it is cut into events and bytes.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::{
    api_error::{ApiError, Circumstances},
    ask::Ask,
    dialect::Voice,
    fault::{Fault, Kind},
    reply::{Event, Form, Reply},
};

/// An answer that may still lose something on its way.
#[derive(Debug)]
pub(crate) struct Material {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) events: Vec<Event>,
    pub(crate) form: Form,
}

impl Material {
    /// A JSON document.
    pub(crate) fn document(status: StatusCode, document: &Value) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            events: vec![Event::whole(document.to_string())],
            form: Form::Document,
        }
    }

    /// The answer, or what `faults` put in its place.
    pub(crate) fn answer(
        voice: &dyn Voice,
        reply: &Reply,
        ask: &Ask,
        about: &Circumstances,
        faults: &[Fault],
    ) -> Self {
        for fault in faults {
            match &fault.0 {
                Kind::Html => return Self::html(),
                Kind::BrokenJson => {
                    let mut whole = voice.whole(reply);
                    truncate(&mut whole);
                    return Self::ok(vec![Event::whole(whole)], Form::Document);
                }
                Kind::EmptyChoices => {
                    return Self::ok(voice.empty(reply, ask.form.is_stream()), ask.form).closed(voice);
                }
                Kind::ErrorObject => {
                    let error = ApiError::Status(StatusCode::INTERNAL_SERVER_ERROR);
                    return Self::document(StatusCode::OK, &voice.error(&error, about, reply.ids));
                }
                Kind::Redirect(location) => return Self::redirect(location),
                _ => {}
            }
        }
        if ask.form.is_stream() {
            return Self::ok(voice.events(reply, ask), ask.form).closed(voice);
        }
        let event = Event::whole(voice.whole(reply)).tokens(reply.usage.output).told(reply.usage);
        Self::ok(vec![event], Form::Document)
    }

    fn ok(events: Vec<Event>, form: Form) -> Self {
        Self { status: StatusCode::OK, headers: HeaderMap::new(), events, form }
    }

    fn closed(mut self, voice: &dyn Voice) -> Self {
        self.events.extend(voice.closing(self.form));
        self
    }

    fn html() -> Self {
        let mut material = Self::ok(vec![Event::whole(PAGE.to_owned())], Form::Document);
        material.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        material
    }

    fn redirect(location: &HeaderValue) -> Self {
        let mut material = Self::ok(vec![Event::whole(String::new())], Form::Document);
        material.status = StatusCode::TEMPORARY_REDIRECT;
        material.headers.insert(header::LOCATION, location.clone());
        material
    }
}

/// The first half of a text, at a character's edge.
fn truncate(text: &mut String) {
    let mut end = text.len() / 2;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

const PAGE: &str = "<html>\r\n<head><title>Just a moment...</title></head>\r\n<body>\r\n<center><h1>Checking your \
    connection</h1></center>\r\n<hr><center>edge</center>\r\n</body>\r\n</html>\r\n";
