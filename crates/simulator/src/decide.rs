//! What becomes of a request, once it is here.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, request::Parts};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    api_error::{ApiError, Circumstances},
    ask::Ask,
    behaviour::Behaviour,
    clock::Clock,
    compose::compose,
    dialect::{Dialect, Head, Operation, Voice, allows},
    fault::{Fault, Kind},
    grammar::ParseError,
    ids::Ids,
    limits::Standing,
    play::{self, Asides, Material, Play},
    recorder::Entry,
    reply::Form,
    simulator::Shared,
};

/// A request whose body has been read.
#[derive(Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) parts: &'a Parts,
    /// `None`: larger than the limit.
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) dialect: Dialect,
    pub(crate) operation: Operation,
    pub(crate) entry: &'a Entry,
    pub(crate) now: Instant,
}

impl Arrived<'_> {
    /// Decides.
    pub(crate) fn play(&self) -> Play {
        let voice = self.dialect.voice(self.shared.state.lock().flavour);
        let key = voice.key(&self.parts.uri, &self.parts.headers);
        let json: Option<Value> = self.body.and_then(|body| serde_json::from_slice(body).ok());
        let (uri, nothing) = (&self.parts.uri, Value::Null);
        let model = voice.model_of(uri, json.as_ref().unwrap_or(&nothing));
        let form = voice.form(uri, json.as_ref().unwrap_or(&nothing));
        self.entry.note(|record| {
            record.model = model.map(str::to_owned);
            record.streamed = form.is_stream();
        });
        let ids = Ids::new(self.shared.seed, self.entry.number());
        let behaviour = match self.behaviour(key, model) {
            Ok(behaviour) => behaviour,
            Err(error) => {
                let said = json!({"error": {"message": error.to_string(), "type": "simulator"}});
                let material = Material::document(StatusCode::BAD_REQUEST, &said);
                return play::play(material, &[], &Asides::of(voice, ids), no_date);
            }
        };
        let about = Circumstances {
            key: key.unwrap_or_default().to_owned(),
            model: model.unwrap_or_default().to_owned(),
            method: self.parts.method.to_string(),
            path: self.parts.uri.path().to_owned(),
            prompt_tokens: 0,
            body_bytes: self.body.map_or(0, <[u8]>::len),
            wait: behaviour.faults.iter().find_map(Fault::wait),
            in_list: form == Form::List,
        };
        let course = Course { arrived: self, voice, behaviour, about, ids };
        course.play(key, json.as_ref())
    }

    fn clock(&self) -> Clock {
        self.shared.state.lock().clock
    }

    fn behaviour(&self, key: Option<&str>, model: Option<&str>) -> Result<Behaviour, ParseError> {
        if let Some(wanted) = self.parts.headers.get(FAULT_HEADER) {
            return String::from_utf8_lossy(wanted.as_bytes()).parse();
        }
        let mut state = self.shared.state.lock();
        Ok(match self.operation {
            Operation::Generate => state.next(self.now, key, model),
            _ => state.down(self.now).unwrap_or_default(),
        })
    }
}

/// One request's way to its answer.
struct Course<'a> {
    arrived: &'a Arrived<'a>,
    voice: &'static dyn Voice,
    behaviour: Behaviour,
    about: Circumstances,
    ids: Ids,
}

impl Course<'_> {
    fn play(mut self, key: Option<&str>, json: Option<&Value>) -> Play {
        // What breaks the connection happens before anybody looks at the request.
        if self.behaviour.faults.iter().any(|fault| fault.breaks_connection()) {
            return self.end(Material::document(StatusCode::OK, &Value::Null), None, None);
        }
        let mut standing = None;
        match self.checked(key, json, &mut standing) {
            Ok(material) => self.end(material, None, standing),
            Err(Stopped::Error(error)) => {
                let document = self.voice.error(&error, &self.about, self.ids);
                let status = self.voice.status(&error);
                self.end(Material::document(status, &document), Some(error), standing)
            }
            Err(Stopped::Refusal(status, document)) => {
                let document = self.voice.finish_refusal(document, &self.about, self.ids);
                // What the rules refuse, no fault changes.
                self.behaviour.faults.clear();
                let error = ApiError::Status(status);
                self.end(Material::document(status, &document), Some(error), standing)
            }
        }
    }

    /// Every check in the order in which a real provider makes them, and then the answer.
    fn checked(
        &mut self,
        key: Option<&str>,
        json: Option<&Value>,
        standing: &mut Option<Standing>,
    ) -> Result<Material, Stopped> {
        let Arrived { shared, parts, operation, dialect, now, .. } = *self.arrived;
        let known = shared.state.lock().dialects.contains(&dialect);
        if !known || operation == Operation::Unknown {
            return Err(ApiError::UnknownPath.into());
        }
        if !allows(operation, &parts.method) {
            return Err(ApiError::WrongMethod.into());
        }
        self.check_key(key)?;
        if operation != Operation::Generate {
            self.check_faults()?;
        }
        match operation {
            Operation::Models => {
                let state = shared.state.lock();
                let mut models: Vec<&str> = state.models.iter().map(String::as_str).collect();
                if models.is_empty() {
                    models.extend(self.voice.usual_models());
                }
                return Ok(Material::document(StatusCode::OK, &self.voice.models(&models)));
            }
            Operation::Model => {
                let model = parts.uri.path().rsplit('/').next().unwrap_or_default();
                model.clone_into(&mut self.about.model);
                self.check_model()?;
                return Ok(Material::document(StatusCode::OK, &self.voice.model(model)));
            }
            Operation::Generate | Operation::CountTokens | Operation::Unknown => {}
        }
        if self.arrived.body.is_none() {
            return Err(ApiError::TooLarge.into());
        }
        let json = json.ok_or(ApiError::BrokenJson)?;
        if operation == Operation::Generate {
            self.check_rules(&parts.headers, json)?;
        }
        self.check_model()?;
        let ask = self.voice.ask(&parts.uri, json);
        self.about.prompt_tokens = ask.prompt_tokens;
        if operation == Operation::CountTokens {
            return Ok(Material::document(StatusCode::OK, &self.voice.count(ask.prompt_tokens)));
        }
        let model = Some(self.about.model.as_str());
        let counted = shared.state.lock().count(now, key, model);
        *standing = Some(counted);
        if counted.exceeded {
            let wait = whole_seconds(counted.reset);
            self.about.wait = Some(wait);
            self.behaviour = if self.voice.has_retry_header() {
                Behaviour::from(Fault::retry_after(wait))
            } else {
                Behaviour::default()
            };
            return Err(ApiError::Status(StatusCode::TOO_MANY_REQUESTS).into());
        }
        self.answer(&ask)
    }

    fn answer(&self, ask: &Ask) -> Result<Material, Stopped> {
        self.check_faults()?;
        let faults = &self.behaviour.faults;
        let created = self.arrived.clock().unix(self.arrived.now);
        let mut reply = compose(&self.behaviour.answer, ask, self.ids, created);
        reply.obfuscate = ask.obfuscation && faults.iter().any(|fault| fault.0 == Kind::Obfuscated);
        let material = Material::answer(self.voice, &reply, ask, &self.about, faults);
        if material.status == StatusCode::OK {
            self.arrived.entry.note(|record| record.prompt_tokens = ask.prompt_tokens);
        }
        Ok(material)
    }

    /// The error that a fault wants, which comes after everything that is the caller's own.
    fn check_faults(&self) -> Result<(), ApiError> {
        let wanted = self.behaviour.faults.iter().find_map(Fault::api_error);
        wanted.map_or(Ok(()), |error| Err(error.clone()))
    }

    fn check_key(&self, key: Option<&str>) -> Result<(), ApiError> {
        let key = key.ok_or(ApiError::MissingKey)?;
        let state = self.arrived.shared.state.lock();
        let known = state.keys.is_empty() || state.keys.iter().any(|known| known == key);
        if known { Ok(()) } else { Err(ApiError::WrongKey) }
    }

    fn check_model(&self) -> Result<(), ApiError> {
        let state = self.arrived.shared.state.lock();
        let known = state.models.is_empty() || state.models.contains(&self.about.model);
        if known { Ok(()) } else { Err(ApiError::ModelNotFound) }
    }

    fn check_rules(&self, headers: &HeaderMap, json: &Value) -> Result<(), Stopped> {
        self.voice.refuse(&self.arrived.parts.uri, headers, json).map_err(|refusal| {
            self.arrived.entry.note(|record| record.refused_by = Some(refusal.rule));
            Stopped::Refusal(refusal.status, refusal.body)
        })
    }

    /// Adds the provider's headers and plays it.
    fn end(&self, mut material: Material, error: Option<ApiError>, standing: Option<Standing>) -> Play {
        let (now, clock) = (self.arrived.now, self.arrived.clock());
        let standing = standing.unwrap_or_else(Standing::ample);
        let exhausted = self.behaviour.faults.iter().find_map(|fault| match fault.0 {
            Kind::Exhausted { reset } => Some(reset),
            _ => None,
        });
        let head = Head {
            ids: self.ids,
            error,
            limit: standing.most,
            remaining: if exhausted.is_some() { 0 } else { standing.remaining },
            prompt_tokens: self.about.prompt_tokens,
            reset: exhausted.unwrap_or(standing.reset),
            unix: clock.unix(now),
        };
        self.voice.headers(&mut material.headers, &head);
        let date = |after: Duration| {
            let date = httpdate::fmt_http_date(clock.wall(now) + after);
            HeaderValue::from_str(&date).unwrap_or_else(|_| HeaderValue::from_static("0"))
        };
        play::play(material, &self.behaviour.faults, &Asides::of(self.voice, self.ids), date)
    }
}

enum Stopped {
    Error(ApiError),
    Refusal(StatusCode, Value),
}

impl From<ApiError> for Stopped {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

fn no_date(_after: Duration) -> HeaderValue {
    HeaderValue::from_static("0")
}

/// The request header that says what happens, whatever else was told.
const FAULT_HEADER: &str = "x-simulator-fault";
