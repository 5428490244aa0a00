//! Edits on a decoded request.

use backstop_core::{Content, Dialect, Edit, Json, Message, Parameter, Reasoning, Request, Role, Stop, Text};

/// What must never go up in a body: it would change where the call goes, or with whose key.
pub(crate) const FORBIDDEN: [&str; 5] = ["api_key", "base_url", "extra_headers", "extra_body", "extra_query"];

/// Applies `edits`, in order, to a request that will be written in `dialect`.
///
/// [`Parameter::Field`](backstop_core::Parameter::Field) names are those of `dialect`: they end up in its document as
/// written. Nothing can fail: an edit that does not fit changes nothing (a cap on a missing parameter).
pub fn apply(request: &mut Request, edits: &[Edit], dialect: Dialect) {
    for edit in edits {
        match edit {
            Edit::Model(model) => request.model = model.clone(),
            // Fields of the document can be set only once there is one: they wait among the extra fields.
            Edit::Set(Parameter::Field(name), value) => wait(request, dialect, "set", name, value.clone()),
            Edit::Default(Parameter::Field(name), value) => {
                wait(request, dialect, "default", name, value.clone())
            }
            Edit::Cap(Parameter::Field(name), value) => wait(request, dialect, "cap", name, value.clone()),
            Edit::Drop(Parameter::Field(name)) => wait(request, dialect, "drop", name, Json::from(true)),
            Edit::Set(parameter, value) => set(request, parameter, value),
            Edit::Default(parameter, value) if get(request, parameter).is_none() => {
                set(request, parameter, value);
            }
            Edit::Cap(parameter, most) => {
                let known = get(request, parameter).and_then(|known| known.as_f64());
                if known.zip(most.as_f64()).is_some_and(|(known, most)| known > most) {
                    set(request, parameter, most);
                }
            }
            Edit::Drop(parameter) => remove(request, parameter),
            Edit::PrependSystem(text) => request.messages.insert(0, instructions(text)),
            Edit::AppendSystem(text) => {
                let behind = request.messages.iter().take_while(|message| message.role.instructs()).count();
                request.messages.insert(behind, instructions(text));
            }
            Edit::ReplaceSystem(text) => {
                request.messages.retain(|message| !message.role.instructs());
                request.messages.insert(0, instructions(text));
            }
            _ => {}
        }
    }
}

/// The edits of fields that wait in `request` for a document in `dialect`, taken out; `None` where there are none.
pub(crate) fn waiting(request: &Request, dialect: Dialect) -> Option<(Request, Vec<Edit>)> {
    let names: Vec<Text> = request
        .extra
        .iter()
        .map(|(name, _)| name)
        .filter(|name| edit_of(name, dialect).is_some())
        .cloned()
        .collect();
    if names.is_empty() {
        return None;
    }
    let mut request = request.clone();
    let edits = names.iter().filter_map(|name| {
        let value = request.extra.remove(name)?;
        let (what, field) = edit_of(name, dialect)?;
        let field = Parameter::Field(field.into());
        Some(match what {
            "set" => Edit::Set(field, value),
            "default" => Edit::Default(field, value),
            "cap" => Edit::Cap(field, value),
            _ => Edit::Drop(field),
        })
    });
    let edits = edits.collect();
    Some((request, edits))
}

fn wait(request: &mut Request, dialect: Dialect, what: &str, name: &Text, value: Json) {
    request.extra.insert(format!("{dialect}:{what}:{name}"), value);
}

fn edit_of(name: &str, dialect: Dialect) -> Option<(&str, &str)> {
    name.strip_prefix(dialect.as_str())?.strip_prefix(':')?.split_once(':')
}

fn instructions(text: &Text) -> Message {
    Message::new(Role::System, Content::text(text.clone()))
}

fn get(request: &Request, parameter: &Parameter) -> Option<Json> {
    match parameter {
        // Only whether there is one matters: nobody caps a text.
        Parameter::Stop => request.parameters.stop.as_ref().map(|_| Json::from(true)),
        Parameter::ReasoningEffort => request.reasoning.as_ref()?.effort.as_deref().map(Json::string),
        Parameter::ParallelToolCalls => request.parallel_tool_calls.map(Json::from),
        Parameter::User => request.user.as_deref().map(Json::string),
        parameter => {
            // The slot of a copy: parameters are a few shared texts.
            slot(&mut request.parameters.clone(), parameter)?.clone()
        }
    }
}

fn set(request: &mut Request, parameter: &Parameter, value: &Json) {
    match parameter {
        Parameter::Stop => request.parameters.stop = stop(value),
        Parameter::ReasoningEffort => {
            request.reasoning.get_or_insert_with(Reasoning::default).effort = value.to_text().map(Text::from);
        }
        Parameter::ParallelToolCalls => request.parallel_tool_calls = value.as_bool(),
        Parameter::User => request.user = value.to_text().map(Text::from),
        parameter => {
            if let Some(slot) = slot(&mut request.parameters, parameter) {
                *slot = Some(value.clone());
            }
        }
    }
    // A null that the caller wrote must not stand beside the value. Where a field has two names the null says which
    // one it is.
    if !matches!(parameter, Parameter::MaxTokens | Parameter::User) {
        request.extra.remove(parameter.as_str());
        if *parameter == Parameter::Stop {
            request.extra.remove("stop_sequences");
        }
    }
}

fn remove(request: &mut Request, parameter: &Parameter) {
    let names: &[&str] = match parameter {
        Parameter::MaxTokens => &["max_tokens", "max_completion_tokens"],
        Parameter::User => &["user", "safety_identifier"],
        Parameter::Stop => &["stop", "stop_sequences"],
        parameter => &[parameter.as_str()],
    };
    for name in names {
        request.extra.remove(name);
    }
    match parameter {
        Parameter::Stop => request.parameters.stop = None,
        Parameter::ReasoningEffort => {
            if let Some(reasoning) = &mut request.reasoning {
                reasoning.effort = None;
                if *reasoning == Reasoning::default() {
                    request.reasoning = None;
                }
            }
        }
        Parameter::ParallelToolCalls => request.parallel_tool_calls = None,
        Parameter::User => request.user = None,
        parameter => {
            if let Some(slot) = slot(&mut request.parameters, parameter) {
                *slot = None;
            }
        }
    }
}

fn slot<'p>(
    parameters: &'p mut backstop_core::Parameters,
    parameter: &Parameter,
) -> Option<&'p mut Option<Json>> {
    Some(match parameter {
        Parameter::MaxTokens => &mut parameters.max_tokens,
        Parameter::Temperature => &mut parameters.temperature,
        Parameter::TopP => &mut parameters.top_p,
        Parameter::TopK => &mut parameters.top_k,
        Parameter::Seed => &mut parameters.seed,
        Parameter::PresencePenalty => &mut parameters.presence_penalty,
        Parameter::FrequencyPenalty => &mut parameters.frequency_penalty,
        Parameter::ServiceTier => &mut parameters.service_tier,
        _ => return None,
    })
}

fn stop(value: &Json) -> Option<Stop> {
    if let Some(text) = value.to_text() {
        return Some(Stop { sequences: vec![text.into()], bare: true });
    }
    let sequences: Vec<String> = serde_json::from_str(value.as_str()).ok()?;
    Some(Stop { sequences: sequences.into_iter().map(Text::from).collect(), bare: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_in_order() {
        let mut request = Request::new(Dialect::OpenaiChat, "a");
        request.messages.push(Message::new(Role::User, Content::text("hi")));
        request.extra.insert("seed", Json::trusted("null".into()));
        let edits = [
            Edit::Model("b".into()),
            Edit::Set(Parameter::Seed, Json::from(7)),
            Edit::Default(Parameter::Seed, Json::from(8)),
            Edit::Cap(Parameter::Seed, Json::from(5)),
            Edit::Cap(Parameter::TopK, Json::from(5)),
            Edit::Default(Parameter::Stop, Json::string("x")),
            Edit::Set(Parameter::ReasoningEffort, Json::string("low")),
            Edit::Drop(Parameter::ReasoningEffort),
            Edit::AppendSystem("last".into()),
            Edit::PrependSystem("first".into()),
        ];
        apply(&mut request, &edits, Dialect::OpenaiChat);
        assert_eq!((request.model.as_str(), &request.parameters.seed), ("b", &Some(Json::from(5))));
        assert_eq!((request.parameters.top_k.as_ref(), request.reasoning.as_ref()), (None, None));
        assert!(request.extra.is_empty());
        let texts: Vec<_> = request.messages.iter().map(|message| message.content.joined_text()).collect();
        assert_eq!(texts, ["first", "last", "hi"]);
        apply(&mut request, &[Edit::ReplaceSystem("only".into())], Dialect::OpenaiChat);
        assert_eq!(request.messages.len(), 2);
    }
}
