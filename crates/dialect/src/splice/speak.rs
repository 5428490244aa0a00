//! A document of OpenAI's dialect in the accent of the server that it goes to.

use backstop_core::{Json, Text};
use memchr::memmem;
use serde_json::value::RawValue;

use super::Document;
use crate::{
    Loss,
    accent::{Accent, Reasoning, budget},
    json::{Fields, Path, items, object_json},
};

impl Document<'_> {
    /// Renames, drops and translates what the server of this accent wants otherwise; gives what was lost.
    pub(super) fn speak(&mut self, accent: &Accent) -> Vec<Loss> {
        let mut losses = Vec::new();
        for (name, other) in accent.renames {
            // Of two the server's own name wins.
            match self.given(name).map(Text::from) {
                Some(value) if self.given(other).is_none() => {
                    self.remove(name);
                    self.set(other, &Json::trusted(value));
                }
                _ => self.remove(name),
            }
        }
        for (name, severity, reason) in accent.drops {
            let says_nothing = matches!(self.get(name), None | Some("null" | "false" | "0" | "{}"));
            if !says_nothing {
                losses.push(Loss { field: (*name).into(), reason: (*reason).into(), severity: *severity });
            }
            self.remove(name);
        }
        self.cool(accent, &mut losses);
        self.format(accent, &mut losses);
        self.reason(accent, &mut losses);
        if !accent.developer {
            self.rename_developers();
        }
        if let Some(known) = accent.knows {
            for name in self.names().into_iter().filter(|name| !known.contains(&name.as_str())) {
                // What we asked for ourselves is nobody's loss.
                if name != "stream_options" && self.given(&name).is_some() {
                    losses.push(Loss::hint(name.clone(), "the server refuses fields that it does not know"));
                }
                self.remove(&name);
            }
        }
        losses
    }

    fn names(&self) -> Vec<String> {
        self.fields.iter().filter(|field| !field.gone).map(|field| field.name.to_string()).collect()
    }

    fn cool(&mut self, accent: &Accent, losses: &mut Vec<Loss>) {
        let Some(hottest) = accent.hottest else { return };
        let asked = self.given("temperature").and_then(|value| value.parse::<f64>().ok());
        if asked.is_some_and(|asked| asked > hottest) {
            losses.push(Loss::hint("temperature", format!("lowered to {hottest}, the highest there")));
            self.set("temperature", &Json::trusted(Text::from(hottest.to_string())));
        }
    }

    fn format(&mut self, accent: &Accent, losses: &mut Vec<Loss>) {
        let by_schema = self.get_within("response_format", "type").and_then(|kind| kind.to_text());
        if !accent.json_schema && by_schema.as_deref() == Some("json_schema") {
            losses.push(Loss::constraint("response_format", "the server answers in JSON, but by no schema"));
            self.set("response_format", &object_json(|format| format.string("type", "json_object")));
        }
    }

    fn reason(&mut self, accent: &Accent, losses: &mut Vec<Loss>) {
        let effort =
            self.given("reasoning_effort").and_then(|value| Json::trusted(Text::from(value)).to_text());
        match accent.reasoning {
            Reasoning::Effort => {}
            Reasoning::Words(words) => {
                if let Some(effort) = effort {
                    self.say_effort(&effort, words, losses);
                }
            }
            Reasoning::Thinking(words) => {
                let off = effort.as_deref() == Some("none");
                let forced = self.is_forced();
                if let Some(effort) = effort.filter(|_| !off) {
                    self.say_effort(&effort, words, losses);
                } else {
                    self.remove("reasoning_effort");
                }
                if self.given("thinking").is_none() && (off || forced) {
                    if forced && !off {
                        losses.push(Loss::hint(
                            "reasoning",
                            "the model does not reason where it is forced to call a tool",
                        ));
                        self.remove("reasoning_effort");
                    }
                    self.set("thinking", &object_json(|thinking| thinking.string("type", "disabled")));
                }
            }
            Reasoning::Budget => {
                self.remove("reasoning_effort");
                let Some(effort) = effort.filter(|_| self.given("enable_thinking").is_none()) else { return };
                let kind = self.get_within("response_format", "type").and_then(|kind| kind.to_text());
                let barred = self.is_forced() || kind.as_deref() == Some("json_object");
                if barred && effort != "none" {
                    losses.push(Loss::hint(
                        "reasoning",
                        "the model does not reason where it is forced to call a tool or to answer in JSON",
                    ));
                }
                let thinks = effort != "none" && !barred;
                self.set("enable_thinking", &Json::from(thinks));
                if thinks && self.given("thinking_budget").is_none() {
                    self.set("thinking_budget", &Json::from(budget(&effort)));
                }
            }
        }
    }

    /// Whether a tool must be called.
    fn is_forced(&self) -> bool {
        self.given("tool_choice").is_some_and(|choice| !matches!(choice, "\"auto\"" | "\"none\""))
    }

    fn say_effort(&mut self, effort: &str, words: &[(&str, &str)], losses: &mut Vec<Loss>) {
        let known = words.iter().find(|(word, _)| *word == effort).or_else(|| words.last());
        let Some((_, word)) = known.filter(|(_, word)| *word != effort) else { return };
        losses.push(Loss::hint(
            "reasoning_effort",
            format!("the server has other efforts: it became `{word}`"),
        ));
        self.set("reasoning_effort", &Json::string(word));
    }

    /// Messages of developers as those of the system.
    fn rename_developers(&mut self) {
        let Some(messages) =
            self.get("messages").filter(|known| memmem::find(known.as_bytes(), b"\"developer\"").is_some())
        else {
            return;
        };
        let Some(all) = serde_json::from_str::<&RawValue>(messages).ok().and_then(items) else { return };
        let wire = bytes::Bytes::new();
        let renamed: Vec<String> = all
            .iter()
            .map(|raw| {
                let fields = Fields::open(&wire, raw, Path::Root);
                match fields {
                    Ok(fields) if fields.get_text("role").as_deref() == Some("developer") => {
                        let fields = fields.rest();
                        let message = object_json(|object| {
                            for (name, value) in fields.iter() {
                                object.raw(name, if *name == "role" { "\"system\"" } else { value.as_str() });
                            }
                        });
                        message.to_string()
                    }
                    _ => raw.get().to_owned(),
                }
            })
            .collect();
        let messages = Json::trusted(Text::from(format!("[{}]", renamed.join(","))));
        self.set("messages", &messages);
    }
}
