//! What is an answer: event by event, without I/O.

use std::sync::Arc;

use backstop_core::{Delta, Event, FinishReason, Origin, PartKind};

use crate::{Hold, JsonRule, Rejection, Rule, ValidateConfig, choice::Choice, request::Asked};
#[cfg(feature = "json-schema")]
use crate::{Schema, SchemaRule};

/// Judges one answer.
#[derive(Debug)]
pub(crate) struct Judge {
    config: Arc<ValidateConfig>,
    asked: Asked,
    choices: Vec<Choice>,
    ended: bool,
    /// Whether text must be JSON; `None` before somebody asks.
    json: Option<bool>,
}

impl Judge {
    pub(crate) const fn new(config: Arc<ValidateConfig>, origin: Option<Arc<Origin>>) -> Self {
        Self { config, asked: Asked::new(origin), choices: Vec::new(), ended: false, json: None }
    }

    /// An event passes.
    pub(crate) fn event(&mut self, event: &Event) -> Result<(), Rejection> {
        event.deltas().iter().try_for_each(|delta| self.delta(delta))
    }

    /// No more will come. A choice whose end nobody told ends here.
    pub(crate) fn end(&mut self) -> Result<(), Rejection> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        if self.choices.is_empty() && self.config.non_empty {
            return Err(Rejection::new(Rule::Empty, "it is empty"));
        }
        let open: Vec<_> =
            self.choices.iter().filter(|choice| !choice.finished).map(|choice| choice.index).collect();
        open.into_iter().try_for_each(|choice| self.finish(choice, FinishReason::Stop))
    }

    /// Whether what is held may go: it is over and was not refused, or it has said something and nothing speaks against
    /// it so far.
    pub(crate) fn releases(&self) -> bool {
        if self.ended {
            return true;
        }
        let finished = self.choices.iter().filter(|choice| choice.finished).count();
        match self.config.hold {
            Hold::Whole => false,
            Hold::FirstToken => {
                finished >= self.asked.choices()
                    || self.choices.iter().any(|choice| choice.spoke)
                        && !self.choices.iter().any(Choice::is_suspect)
            }
        }
    }

    /// The most bytes of events to hold.
    pub(crate) fn limit(&self) -> usize {
        self.config.limit()
    }

    fn delta(&mut self, delta: &Delta) -> Result<(), Rejection> {
        let limit = self.config.text_limit;
        match delta {
            Delta::Text { choice, text, .. } => self.choice(*choice).text(text, limit),
            Delta::Reasoning { choice, text, .. } => self.choice(*choice).reasoning(text),
            Delta::Refusal { choice, text, .. } => {
                self.choice(*choice).refusal(text);
                Ok(())
            }
            Delta::ToolCallStart { choice, block, name, kind, .. } => {
                if self.config.declared_tools && !self.asked.declares(name) {
                    let name: String = name.chars().take(LONGEST_NAME).collect();
                    let detail = format!("it calls a tool `{name}` that the request does not declare");
                    return Err(Rejection::new(Rule::ToolName, detail));
                }
                self.choice(*choice).call(*block, *kind);
                Ok(())
            }
            Delta::ToolCallArguments { choice, block, fragment } if self.config.declared_tools => {
                self.choice(*choice).arguments(*block, fragment, limit)
            }
            Delta::Part { choice, part, .. } => {
                match &part.kind {
                    PartKind::RedactedReasoning { .. } => self.choice(*choice).reasoning(SEALED)?,
                    _ => self.choice(*choice).piece(),
                }
                Ok(())
            }
            Delta::Finish { choice, finish } => self.finish(*choice, finish.reason),
            Delta::End => self.end(),
            Delta::Start(_)
            | Delta::ToolCallArguments { .. }
            | Delta::Signature { .. }
            | Delta::Citation { .. }
            | Delta::Extra { .. }
            | Delta::Usage(_)
            | Delta::Ping => Ok(()),
        }
    }

    fn finish(&mut self, choice: u32, reason: FinishReason) -> Result<(), Rejection> {
        let config = Arc::clone(&self.config);
        match self.choice(choice).finish(reason, &config)? {
            Some(text) => self.document(&text),
            None => Ok(()),
        }
    }

    /// A text that must be a document.
    fn document(&self, text: &str) -> Result<(), Rejection> {
        let no_json = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            Rejection::new(Rule::Json, format!("its text is no JSON: line {line}, column {column}"))
        };
        #[cfg(feature = "json-schema")]
        if let Some(rule) = &self.config.json_schema {
            let document = serde_json::from_str(text).map_err(no_json)?;
            let schema = match rule {
                SchemaRule::Is(schema) => Some(Arc::clone(schema)),
                SchemaRule::Requested => {
                    self.asked.schema().and_then(|schema| Schema::new(schema).ok()).map(Arc::new)
                }
            };
            return match schema.and_then(|schema| schema.violated_at(&document)) {
                Some(place) => {
                    let detail = format!("its text does not follow the JSON Schema at `{place}`");
                    Err(Rejection::new(Rule::JsonSchema, detail))
                }
                None => Ok(()),
            };
        }
        serde_json::from_str::<serde::de::IgnoredAny>(text).map(drop).map_err(no_json)
    }

    fn choice(&mut self, index: u32) -> &mut Choice {
        // A provider that invents alternatives by the thousand gets no memory for them: the last one is all of them.
        let known = self.choices.iter().position(|choice| choice.index == index);
        let full = self.choices.len() >= MOST_CHOICES;
        let place = known.or_else(|| full.then(|| self.choices.len() - 1)).unwrap_or_else(|| {
            let keeps_text = self.wants_json();
            self.choices.push(Choice::new(index, &self.config, keeps_text));
            self.choices.len() - 1
        });
        &mut self.choices[place]
    }

    /// Whether text must be JSON.
    fn wants_json(&mut self) -> bool {
        let (config, asked) = (&self.config, &self.asked);
        *self.json.get_or_insert_with(|| {
            let by_rule = match config.json {
                Some(JsonRule::Always) => true,
                Some(JsonRule::Requested) => asked.wants_json(),
                None => false,
            };
            by_rule || by_schema(config, asked)
        })
    }
}

#[cfg(feature = "json-schema")]
fn by_schema(config: &ValidateConfig, asked: &Asked) -> bool {
    match config.json_schema {
        Some(SchemaRule::Is(_)) => true,
        Some(SchemaRule::Requested) => asked.schema().is_some(),
        None => false,
    }
}

#[cfg(not(feature = "json-schema"))]
const fn by_schema(_: &ValidateConfig, _: &Asked) -> bool {
    false
}

/// `n` of OpenAI's API goes up to 128.
const MOST_CHOICES: usize = 128;
/// OpenAI and Anthropic allow tool names of 64 characters.
const LONGEST_NAME: usize = 64;
/// Stands for reasoning that only its provider can read.
const SEALED: &str = "sealed";
