//! Requests out.

use backstop_core::{
    Dialect, Failure, Json, OutputFormat, ReasoningMode, Request, Role, Stop, Text, Tool, ToolChoice,
    ToolDefinition,
};
use bytes::Bytes;

use super::{
    decode_message::cache_mark_name,
    decode_request::kind_name,
    encode_message::{self, Losses},
    strict,
    tool_id::ToolIds,
};
use crate::{
    Encoded, Facts, Loss, ReasoningStyle, accent,
    apply::FORBIDDEN,
    gemini::is_ours,
    json::{self, Array, Object, held_place},
};

pub(crate) fn encode_request(request: &Request, facts: &Facts) -> Result<Encoded, Failure> {
    let own = request.dialect == Dialect::OpenaiChat;
    let mut losses = Losses {
        list: Vec::new(),
        own,
        ids: ToolIds::default(),
        marks: accent::of(facts.flavour).is_some_and(|accent| accent.cache_control),
    };
    let body: Bytes = json::object(1024, |top| {
        top.string("model", &request.model);
        top.array("messages", |list| encode_message::messages(list, request, facts, &mut losses));
        tools(top, request, facts, &mut losses);
        output(top, request, facts, &mut losses);
        parameters(top, request, facts, &mut losses);
        reasoning(top, request, facts, &mut losses);
        top.maybe_bool("stream", request.stream);
        stream_options(top, request, own);
        if let Some(user) = &request.user {
            let name = held_place(&request.extra, &["safety_identifier", "user"]).filter(|_| own);
            top.string(name.unwrap_or("user"), user);
        }
        extra(top, request, own, &mut losses);
    });
    Ok(Encoded { body, losses: losses.list })
}

fn tools(top: &mut Object<'_>, request: &Request, facts: &Facts, losses: &mut Losses) {
    let parallel = request.parallel_tool_calls;
    if !request.tools.is_empty() {
        if !facts.tools {
            losses.constraint("tools", "the model calls no tools");
            return;
        }
        let mut written = 0;
        top.array("tools", |list| {
            for (index, tool) in request.tools.iter().enumerate() {
                written += usize::from(write_tool(list, tool, index, losses));
            }
        });
        if written == 0 {
            return;
        }
    } else if request.dialect != Dialect::OpenaiChat {
        // Without tools OpenAI refuses a word about them.
        return;
    }
    match &request.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => top.string("tool_choice", "auto"),
        Some(ToolChoice::None) => top.string("tool_choice", "none"),
        Some(ToolChoice::Required) => {
            let older = losses.own && held_place(&request.extra, &["tool_choice"]).is_some();
            top.string("tool_choice", if older { "any" } else { "required" });
        }
        Some(ToolChoice::Tool { kind, name }) => top.object("tool_choice", |choice| {
            choice.string("type", kind_name(*kind));
            choice.object(kind_name(*kind), |tool| tool.string("name", name));
        }),
        Some(ToolChoice::Opaque { dialect: Dialect::OpenaiChat, json }) => top.json("tool_choice", json),
        Some(ToolChoice::Opaque { .. }) => losses.constraint("tool_choice", "OpenAI Chat has no such choice"),
    }
    top.maybe_bool("parallel_tool_calls", parallel);
}

/// Writes a tool; whether it could be written.
fn write_tool(list: &mut Array<'_>, tool: &Tool, index: usize, losses: &mut Losses) -> bool {
    let (kind, name, description, schema, strict) = match &tool.definition {
        ToolDefinition::Opaque { dialect: Dialect::OpenaiChat, json } => {
            list.json(json);
            return true;
        }
        ToolDefinition::Opaque { .. } => {
            losses.constraint(format!("tools[{index}]"), "OpenAI Chat has no such tool");
            return false;
        }
        ToolDefinition::Client { kind, name, description, schema, strict } => {
            (*kind, name, description, schema, *strict)
        }
    };
    if !losses.own && name.len() > LONGEST_NAME {
        losses.constraint(format!("tools[{index}].name"), "OpenAI Chat takes names of up to 64 characters");
        return false;
    }
    // Anthropic holds its models to any schema, OpenAI to closed ones without optional fields.
    let strict = match (strict, schema) {
        (Some(true), Some(schema)) if !losses.own && !strict::takes(schema) => {
            losses.hint(
                format!("tools[{index}].strict"),
                "OpenAI holds a model to a schema only where every object is closed and all its fields are required",
            );
            None
        }
        (strict, _) => strict,
    };
    let inner = kind_name(kind);
    let own = losses.own_extra(&tool.extra, &format!("tools[{index}]"));
    let untyped = own && held_place(&tool.extra, &["type"]).is_some();
    list.object(|object| {
        if !untyped {
            object.string("type", inner);
        }
        object.object(inner, |definition| {
            definition.string("name", name);
            definition.maybe_string("description", description.as_deref());
            let schema_name = if inner == "function" { "parameters" } else { "format" };
            definition.maybe_json(schema_name, schema.as_ref());
            definition.maybe_bool("strict", strict);
            if own && let Some(rest) = tool.extra.get(inner) {
                definition.fields_of(rest);
            }
        });
        write_cache(object, tool.cache.as_ref(), &format!("tools[{index}]"), losses);
        if own {
            object.extra_but(&tool.extra, &[inner, "type"]);
        }
    });
    true
}

/// Writes a cache mark that the caller wrote for OpenAI's dialect.
///
/// A foreign mark is a hint that is lost: servers of this dialect that do not know the field refuse the request.
pub(super) fn write_cache(
    object: &mut Object<'_>,
    mark: Option<&backstop_core::CacheMark>,
    at: &str,
    losses: &mut Losses,
) {
    match mark.map(|mark| &mark.native) {
        None => {}
        Some((Dialect::OpenaiChat, json)) => object.json(cache_mark_name(json.as_str()), json),
        Some((Dialect::AnthropicMessages, json)) if losses.marks => object.json("cache_control", json),
        Some(_) => losses.hint(format!("{at}.cache_control"), "OpenAI Chat caches by itself"),
    }
}

fn output(top: &mut Object<'_>, request: &Request, facts: &Facts, losses: &mut Losses) {
    let own = request.dialect == Dialect::OpenaiChat;
    let kind = |top: &mut Object<'_>, kind: &str| {
        top.object("response_format", |format| format.string("type", kind))
    };
    match &request.output {
        None => {}
        Some(OutputFormat::Text) => kind(top, "text"),
        Some(OutputFormat::JsonObject) => kind(top, "json_object"),
        Some(OutputFormat::JsonSchema { .. }) if !facts.structured_output => {
            losses.constraint("response_format", "the model does not answer by a JSON Schema");
        }
        Some(OutputFormat::JsonSchema { name, description, schema, strict }) => {
            // Other dialects hold to a schema without being asked.
            let strict = strict.or_else(|| (!own && strict::takes(schema)).then_some(true));
            if !own && strict.is_none() {
                losses.hint(
                    "output.strict",
                    "OpenAI holds a model to a schema only where every object is closed and all its fields are required",
                );
            }
            top.object("response_format", |format| {
                format.string("type", "json_schema");
                format.object("json_schema", |inner| {
                    // The name is required; other dialects have none.
                    let name = name.as_deref().or(if own { None } else { Some("response") });
                    inner.maybe_string("name", name);
                    inner.maybe_string("description", description.as_deref());
                    inner.json("schema", schema);
                    inner.maybe_bool("strict", strict);
                    if let Some(rest) = request.extra.get("response_format") {
                        inner.fields_of(rest);
                    }
                });
            });
        }
        Some(OutputFormat::Opaque { dialect: Dialect::OpenaiChat, json }) => {
            top.json("response_format", json)
        }
        Some(OutputFormat::Opaque { .. }) => {
            losses.constraint("output_format", "OpenAI Chat has no such output format");
        }
    }
}

fn parameters(top: &mut Object<'_>, request: &Request, facts: &Facts, losses: &mut Losses) {
    let own = request.dialect == Dialect::OpenaiChat;
    let parameters = &request.parameters;
    let name = match held_place(&request.extra, &["max_completion_tokens", "max_tokens"]) {
        _ if !facts.newer_openai_names => "max_tokens",
        Some(name) if own => name,
        _ => "max_completion_tokens",
    };
    top.maybe_json(name, parameters.max_tokens.as_ref());
    for (name, value) in
        [("temperature", &parameters.temperature), ("top_p", &parameters.top_p), ("top_k", &parameters.top_k)]
    {
        let Some(value) = value else { continue };
        if !facts.sampling {
            losses.hint(name, "the model takes no sampling parameters");
        } else if name == "top_k" && !own {
            losses.hint(name, "OpenAI Chat has no top_k");
        } else {
            top.json(name, value);
        }
    }
    match &parameters.stop {
        None => {}
        Some(_) if !own && !facts.sampling => losses.constraint("stop", "the model takes no stop sequences"),
        Some(Stop { sequences, bare: true }) if sequences.len() == 1 => top.string("stop", &sequences[0]),
        Some(Stop { sequences, .. }) => {
            let most = if own { sequences.len() } else { MOST_STOPS };
            if sequences.len() > most {
                losses.constraint("stop", "OpenAI Chat takes four stop sequences");
            }
            top.array("stop", |list| sequences.iter().take(most).for_each(|sequence| list.string(sequence)));
        }
    }
    for (name, value) in [
        ("seed", &parameters.seed),
        ("presence_penalty", &parameters.presence_penalty),
        ("frequency_penalty", &parameters.frequency_penalty),
        ("logit_bias", &parameters.logit_bias),
        ("logprobs", &parameters.logprobs),
        ("top_logprobs", &parameters.top_logprobs),
        ("n", &parameters.n),
    ] {
        top.maybe_json(name, value.as_ref());
    }
    match &parameters.service_tier {
        Some(tier) if own => top.json("service_tier", tier),
        Some(tier) => match tier.to_text().as_deref() {
            Some("auto") => top.string("service_tier", "auto"),
            // Anthropic's word for "no priority capacity".
            Some("standard_only") => top.string("service_tier", "default"),
            _ => losses.hint("service_tier", "OpenAI Chat has no such tier"),
        },
        None => {}
    }
}

fn reasoning(top: &mut Object<'_>, request: &Request, facts: &Facts, losses: &mut Losses) {
    let Some(reasoning) = &request.reasoning else { return };
    let wants =
        reasoning.mode != Some(ReasoningMode::Disabled) && reasoning.effort.as_deref() != Some("none");
    if facts.reasoning == ReasoningStyle::None {
        if wants {
            losses.hint("reasoning", "the model does not reason");
        }
        return;
    }
    match reasoning.effort.as_deref() {
        None => {}
        Some("max") if !losses.own => {
            losses.hint("effort", "lowered to `high`, the highest that every OpenAI model takes");
            return top.string("reasoning_effort", "high");
        }
        Some(effort) => return top.string("reasoning_effort", effort),
    }
    match reasoning.mode {
        // No word for "off" is known to every server of this dialect.
        Some(ReasoningMode::Disabled) => losses.hint("thinking", "OpenAI Chat cannot switch reasoning off"),
        Some(ReasoningMode::Enabled) => {
            let budget = reasoning.budget.as_ref().and_then(Json::as_u64).unwrap_or(BUDGETS[1].0);
            let effort =
                BUDGETS.iter().find(|(most, _)| budget <= *most).map_or("high", |(_, effort)| *effort);
            top.string("reasoning_effort", effort);
            losses.hint(
                "thinking.budget_tokens",
                format!("OpenAI Chat has efforts only: it became `{effort}`"),
            );
        }
        Some(ReasoningMode::Adaptive) | None => {}
    }
}

/// OpenAI API reference, Create chat completion: `stop`, and the name of a function.
const MOST_STOPS: usize = 4;
const LONGEST_NAME: usize = 64;

/// Up to how many tokens of a budget an effort stands for: the reverse of what gateways commonly give an effort.
const BUDGETS: [(u64, &str); 2] = [(2048, "low"), (8192, "medium")];

fn stream_options(top: &mut Object<'_>, request: &Request, own: bool) {
    // A foreign caller hears of usage in any case, so the provider must be asked.
    let include_usage = if own { request.include_usage } else { request.stream.filter(|stream| *stream) };
    let rest = request.extra.get("stream_options").filter(|rest| own && !rest.is_null());
    if include_usage.is_some() || rest.is_some() {
        top.object("stream_options", |options| {
            options.maybe_bool("include_usage", include_usage);
            if let Some(rest) = rest {
                options.fields_of(rest);
            }
        });
    }
}

/// Fields that only the request's dialect knows.
fn extra(top: &mut Object<'_>, request: &Request, own: bool, losses: &mut Losses) {
    let written = |name: &str| match name {
        "max_tokens" | "max_completion_tokens" => {
            request.parameters.max_tokens.is_some()
                && held(request, &["max_completion_tokens", "max_tokens"], name)
        }
        "user" | "safety_identifier" => {
            request.user.is_some() && held(request, &["safety_identifier", "user"], name)
        }
        "response_format" => request.output.is_some(),
        "stream_options" => {
            !request.extra.get(name).is_some_and(Json::is_null) || request.include_usage.is_some()
        }
        "tools" => !request.tools.is_empty(),
        "tool_choice" => request.tool_choice.is_some(),
        name => FORBIDDEN.contains(&name),
    };
    for (name, value) in request.extra.iter() {
        if own {
            if !written(name) {
                top.json(name, value);
            }
        } else if !value.is_null() && !FORBIDDEN.contains(&name.as_str()) && !is_silent(name, value) {
            let reason = "OpenAI Chat has no such field";
            losses.list.push(match name.as_str() {
                // Without these the answer would be another one, or come from where it must not come from.
                "container" | "mcp_servers" | "context_management" | "inference_geo" => {
                    Loss::constraint(name.clone(), reason)
                }
                _ => Loss::hint(name.clone(), reason),
            });
        }
    }
}

/// Whether a field of another dialect says nothing that could be lost: a note, or an object of which all was read.
fn is_silent(name: &str, value: &Json) -> bool {
    is_ours(name) || (name == "generationConfig" && value.as_str() == "{}")
}

/// Whether the null under `name` holds the place of a value that was written.
fn held(request: &Request, names: &[&'static str], name: &str) -> bool {
    held_place(&request.extra, names) == Some(name)
}

/// The word for a role.
pub(super) const fn role_name(role: Role, facts: &Facts) -> &'static str {
    match role {
        Role::Developer if facts.newer_openai_names => "developer",
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

impl Losses {
    pub(super) fn hint(&mut self, field: impl Into<Text>, reason: impl Into<Text>) {
        self.list.push(Loss::hint(field, reason));
    }

    pub(super) fn constraint(&mut self, field: impl Into<Text>, reason: impl Into<Text>) {
        self.list.push(Loss::constraint(field, reason));
    }
}
