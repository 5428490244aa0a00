//! One choice of an answer, as far as it has come.

use backstop_core::{FinishReason, Text, ToolKind};
use serde::de::IgnoredAny;

use crate::{Rejection, Rule, ValidateConfig, repetition::Loop};

/// What is known of one choice.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) index: u32,
    pub(crate) finished: bool,
    /// Whether it has said something, in whatever way: what is not blank is a sign of life.
    pub(crate) spoke: bool,
    /// Whether it has said something to its reader: reasoning is not.
    said: bool,
    reasoned: bool,
    refused: bool,
    text: Option<String>,
    text_loop: Option<Loop>,
    reasoning_loop: Option<Loop>,
    calls: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    block: u32,
    kind: ToolKind,
    arguments: String,
}

impl Choice {
    pub(crate) fn new(index: u32, config: &ValidateConfig, keeps_text: bool) -> Self {
        Self {
            index,
            finished: false,
            spoke: false,
            said: false,
            reasoned: false,
            refused: false,
            text: keeps_text.then(String::new),
            text_loop: config.repetition.map(Loop::new),
            reasoning_loop: config.repetition.map(Loop::new),
            calls: Vec::new(),
        }
    }

    /// More text. `limit` is for text that must be read whole.
    pub(crate) fn text(&mut self, more: &str, limit: usize) -> Result<(), Rejection> {
        let blank = more.trim().is_empty();
        self.said |= !blank;
        self.spoke |= !blank;
        if let Some(text) = &mut self.text {
            if !blank && text.trim().is_empty() && !begins_json(more) {
                return Err(Rejection::new(Rule::Json, "its text is no JSON: it does not begin like it"));
            }
            grow(text, more, limit)?;
        }
        repeats(self.text_loop.as_mut(), more)
    }

    /// More reasoning.
    pub(crate) fn reasoning(&mut self, more: &str) -> Result<(), Rejection> {
        self.reasoned |= !more.is_empty();
        self.spoke |= !more.trim().is_empty();
        repeats(self.reasoning_loop.as_mut(), more)
    }

    /// A refusal in words: it is what it says, and no JSON.
    pub(crate) fn refusal(&mut self, more: &str) {
        self.refused |= !more.is_empty();
        self.said |= !more.is_empty();
        self.spoke |= !more.is_empty();
    }

    /// A tool call begins.
    pub(crate) fn call(&mut self, block: u32, kind: ToolKind) {
        (self.said, self.spoke) = (true, true);
        if self.calls.len() < MOST_CALLS {
            self.calls.push(Call { block, kind, arguments: String::new() });
        }
    }

    /// More of a tool call's arguments.
    pub(crate) fn arguments(&mut self, block: u32, more: &Text, limit: usize) -> Result<(), Rejection> {
        match self.calls.iter_mut().find(|call| call.block == block) {
            Some(call) => grow(&mut call.arguments, more, limit),
            None => Ok(()),
        }
    }

    /// A whole piece: an image, a sound, what only its dialect knows.
    pub(crate) const fn piece(&mut self) {
        (self.said, self.spoke) = (true, true);
    }

    /// Whether all that it has said so far is one thing over and over.
    pub(crate) fn is_suspect(&self) -> bool {
        [&self.text_loop, &self.reasoning_loop].into_iter().flatten().any(Loop::is_suspect)
    }

    /// The choice ends for `reason`. Gives its text, where that must be a JSON document.
    pub(crate) fn finish(
        &mut self,
        reason: FinishReason,
        config: &ValidateConfig,
    ) -> Result<Option<String>, Rejection> {
        self.finished = true;
        let cut = match reason {
            FinishReason::Stop | FinishReason::StopSequence | FinishReason::ToolCalls => false,
            FinishReason::Length
            | FinishReason::ContentFilter
            | FinishReason::Refusal
            | FinishReason::Pause
            | FinishReason::Error
            | FinishReason::Other => true,
        };
        // Blank text up to the limit is a loop; reasoning up to the limit is the caller's limit.
        let must_say = !cut || (reason == FinishReason::Length && !self.reasoned);
        if config.non_empty && must_say && !self.said {
            return Err(Rejection::new(Rule::Empty, "it is empty"));
        }
        if cut {
            return Ok(None);
        }
        if config.declared_tools {
            self.calls.iter().try_for_each(Call::judge)?;
        }
        let text = self.text.take();
        Ok(text.filter(|_| self.calls.is_empty() && !self.refused))
    }
}

impl Call {
    fn judge(&self) -> Result<(), Rejection> {
        let arguments = self.arguments.trim();
        // A function without parameters may be called without arguments.
        let good = self.kind == ToolKind::Custom
            || arguments.is_empty()
            || arguments.starts_with('{') && serde_json::from_str::<IgnoredAny>(arguments).is_ok();
        if good {
            return Ok(());
        }
        Err(Rejection::new(Rule::ToolArguments, "it calls a tool with arguments that are no JSON object"))
    }
}

fn repeats(text: Option<&mut Loop>, more: &str) -> Result<(), Rejection> {
    if text.is_some_and(|text| text.push(more)) {
        return Err(Rejection::new(Rule::Repetition, "it says one thing over and over"));
    }
    Ok(())
}

fn grow(text: &mut String, more: &str, limit: usize) -> Result<(), Rejection> {
    if text.len() + more.len() > limit {
        return Err(Rejection::new(
            Rule::TooLong,
            format!("it is longer than the {limit} bytes that can be judged"),
        ));
    }
    text.push_str(more);
    Ok(())
}

fn begins_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '"', '-', 't', 'f', 'n'])
        || text.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// Beyond it calls are not kept: no API takes as many tools.
const MOST_CALLS: usize = 1024;
