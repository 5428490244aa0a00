//! A streamed answer.

use serde_json::{Value, json};

use super::{
    shapes::{call, candidate, finished, has_ids, is_blocked, response, signs_calls, thinks},
    signature::sign,
    whole,
};
use crate::{
    compose::pieces_of,
    reply::{Event, Mark, Part, Reply},
    tokens,
    usage::Usage,
};

/// The chunks of `reply`: each a whole answer with the parts that are new and the usage so far. The last has the finish
/// reason, and nothing follows it.
///
/// As recorded, a chunk with an empty text ends an answer; it bears the signature of a text, where there is one. The
/// chunks of several candidates come in turn.
pub(super) fn events(reply: &Reply) -> Vec<Event> {
    if is_blocked(reply) {
        return vec![Event::new(None, whole::refused(reply), Mark::Close).told(reply.usage)];
    }
    let mut writer = Writer { reply, said: Usage { output: 0, reasoning: 0, ..reply.usage } };
    let (mut events, mut unsigned) = (Vec::new(), signs_calls(reply));
    for part in &reply.parts {
        match part {
            Part::Call { id, name, arguments } => {
                let tokens = tokens::fragments(arguments).len() as u64;
                let part = call(reply, *id, name, arguments, std::mem::take(&mut unsigned));
                writer.say(&mut events, &part, tokens, false);
            }
            // Thoughts that are not shown are counted before the first word.
            Part::Reasoning(text) if reply.omit_reasoning => writer.count(tokens::count(text), true),
            Part::Refusal(text) => writer.count(tokens::count(text), false),
            Part::Text(_) | Part::Reasoning(_) => {
                let thought = matches!(part, Part::Reasoning(_));
                for (text, tokens) in tokens::group(&pieces_of(part), reply.most_events) {
                    let part =
                        if thought { json!({"text": text, "thought": true}) } else { json!({"text": text}) };
                    writer.say(&mut events, &part, tokens, thought);
                }
            }
        }
    }
    writer.end(&mut events);
    events
}

struct Writer<'a> {
    reply: &'a Reply,
    said: Usage,
}

impl Writer<'_> {
    fn say(&mut self, events: &mut Vec<Event>, part: &Value, tokens: u64, thought: bool) {
        for index in 0..self.reply.answers {
            self.count_one(tokens, thought);
            let chunk = response(self.reply, vec![candidate(index, vec![part.clone()])], self.said);
            let data = serde_json::to_string(&chunk).unwrap_or_default();
            events.push(Event::new(None, data, Mark::Token).tokens(tokens).told(self.said));
        }
    }

    fn end(&self, events: &mut Vec<Event>) {
        let mut last = json!({"text": ""});
        if (has_ids(&self.reply.model) || thinks(self.reply))
            && let Some(Part::Text(text)) = self.reply.parts.last()
        {
            last["thoughtSignature"] = json!(sign(text));
        }
        for index in 0..self.reply.answers {
            let last = finished(self.reply, candidate(index, vec![last.clone()]));
            let chunk = response(self.reply, vec![last], self.reply.usage);
            let data = serde_json::to_string(&chunk).unwrap_or_default();
            events.push(Event::new(None, data, Mark::Close).told(self.reply.usage));
        }
    }

    /// Counts what every candidate says and nobody sees.
    fn count(&mut self, tokens: u64, thought: bool) {
        self.count_one(tokens * self.reply.answers, thought);
    }

    fn count_one(&mut self, tokens: u64, thought: bool) {
        self.said.output += tokens;
        if thought {
            self.said.reasoning += tokens;
        }
    }
}
