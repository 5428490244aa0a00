//! Requests, out.

use backstop_core::{
    Dialect, Extra, Failure, Json, Kind, OutputFormat, Request, Tool, ToolChoice, ToolDefinition, ToolKind,
};

use super::{
    names::{is_ours, noted, write_extra},
    read_config, thinking,
    turns::{Blocks, as_written, translate},
    write_part::list_of,
};
use crate::{
    Encoded, Facts, ReasoningStyle,
    apply::FORBIDDEN,
    json::{self, Object, Path, object_json},
};

/// Writes a request. The model and whether to stream are not in the document: they stand in the path.
pub(crate) fn encode_request(request: &Request, facts: &Facts) -> Result<Encoded, Failure> {
    let own = request.dialect == Dialect::GeminiGenerate;
    let wants_seals = matches!(facts.reasoning, ReasoningStyle::Effort | ReasoningStyle::Adaptive);
    let mut blocks = Blocks { own, losses: Vec::new(), wants_seals };
    let mut talk =
        if own { as_written(&request.messages) } else { translate(&mut blocks, &request.messages) };
    if talk.ends_with_model && !facts.prefill {
        blocks
            .constraint(Path::Root.field("messages"), "the model does not go on from a last turn of its own");
        talk.contents.pop();
    }
    if talk.contents.is_empty() && !own {
        return Err(Failure::new(
            Kind::InvalidRequest,
            "no message has content that Gemini can express: send at least one user message with text",
        ));
    }
    let tools = tools(&mut blocks, &request.tools, facts);
    let choice = tool_choice(&mut blocks, request, !tools.is_empty());
    report_unknown(&mut blocks, request);
    let config = config(&mut blocks, request, facts);
    let capacity = talk.contents.iter().map(|turn| turn.as_str().len()).sum::<usize>() + 512;
    let body = json::object(capacity, |top| {
        top.json("contents", &list_of(&talk.contents));
        top.maybe_json("systemInstruction", talk.system.as_ref());
        if !tools.is_empty() {
            top.json("tools", &list_of(&tools));
        }
        top.maybe_json("toolConfig", choice.as_ref());
        top.maybe_json("generationConfig", config.as_ref());
        if own {
            let rest = request.extra.iter().filter(|(name, _)| {
                let name = name.as_str();
                let written = match name {
                    "generationConfig" => config.is_some(),
                    name => name == "tools" && !tools.is_empty(),
                };
                !is_ours(name) && !written && !FORBIDDEN.contains(&name)
            });
            rest.for_each(|(name, value)| top.json(name, value));
        }
    });
    Ok(Encoded { body, losses: blocks.losses })
}

/// The items of the list of tools.
fn tools(blocks: &mut Blocks, tools: &[Tool], facts: &Facts) -> Vec<Json> {
    let list = Path::Root.field("tools");
    if !facts.tools && !tools.is_empty() {
        blocks.constraint(list, "the model calls no tools");
        return Vec::new();
    }
    // Declarations that stood together stay together.
    let mut groups: Vec<(Option<&Json>, Vec<Json>)> = Vec::new();
    for (index, tool) in tools.iter().enumerate() {
        let path = list.item(index);
        let group = noted(&tool.extra, "group").filter(|_| blocks.own);
        match &tool.definition {
            ToolDefinition::Opaque { dialect: Dialect::GeminiGenerate, json } => {
                groups.push((Some(json), Vec::new()));
            }
            ToolDefinition::Client { kind: ToolKind::Function, name, .. } => {
                if !blocks.own && !is_name(name) {
                    blocks.constraint(
                        path.field("name"),
                        "names of functions begin with a letter and have at most 64",
                    );
                    continue;
                }
                let earlier = tools.iter().take(index).find(|earlier| is_named(earlier, name));
                if let Some(earlier) = earlier.filter(|_| !blocks.own) {
                    if earlier != tool {
                        blocks.constraint(path, "another tool has the same name");
                    }
                    continue;
                }
                let declaration = declaration(blocks, tool, path);
                match groups.last_mut() {
                    Some((known, all)) if !all.is_empty() && *known == group => all.push(declaration),
                    _ => groups.push((group, vec![declaration])),
                }
            }
            ToolDefinition::Client { kind: ToolKind::Custom, .. } => {
                blocks.constraint(path, "Gemini has no tools that take free text");
            }
            ToolDefinition::Opaque { .. } => {
                blocks.constraint(path, "only the dialect that it was written in knows this tool");
            }
        }
    }
    let written = groups.into_iter().map(|(whole, declarations)| match whole {
        Some(whole) if declarations.is_empty() => whole.clone(),
        _ => object_json(|object| object.json("functionDeclarations", &list_of(&declarations))),
    });
    written.collect()
}

fn is_named(tool: &Tool, wanted: &str) -> bool {
    matches!(&tool.definition, ToolDefinition::Client { kind: ToolKind::Function, name, .. } if name.as_str() == wanted)
}

/// Whether Gemini takes the name of a function: "Must start with a letter or an underscore. Must be a-z, A-Z, 0-9, or
/// contain underscores, dots, colons and dashes, with a maximum length of 64" (API reference, `FunctionDeclaration`).
fn is_name(name: &str) -> bool {
    name.len() <= MOST_OF_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte))
}

fn declaration(blocks: &mut Blocks, tool: &Tool, path: Path<'_>) -> Json {
    let ToolDefinition::Client { name, description, schema, .. } = &tool.definition else {
        return Json::default();
    };
    blocks.report_extra(&tool.extra, path);
    if tool.cache.is_some() {
        blocks.hint(path.field("cache_control"), "Gemini caches by itself");
    }
    let own = blocks.own;
    object_json(|object| {
        object.string("name", name);
        object.maybe_string("description", description.as_deref());
        match noted(&tool.extra, "parameters").filter(|_| own) {
            Some(older) => object.json("parameters", older),
            None => object.maybe_json("parametersJsonSchema", schema.as_ref()),
        }
        if own {
            write_extra(object, &tool.extra);
        }
    })
}

fn tool_choice(blocks: &mut Blocks, request: &Request, has_tools: bool) -> Option<Json> {
    if blocks.own {
        return noted(&request.extra, "toolConfig").cloned();
    }
    let path = Path::Root.field("tool_choice");
    if !has_tools {
        if matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Tool { .. })) {
            blocks.constraint(path, "there is no tool to choose");
        }
        return None;
    }
    if request.parallel_tool_calls == Some(false) {
        blocks.constraint(
            Path::Root.field("parallel_tool_calls"),
            "Gemini calls as many functions at once as it likes",
        );
    }
    let strict = request
        .tools
        .iter()
        .any(|tool| matches!(tool.definition, ToolDefinition::Client { strict: Some(true), .. }));
    let (mode, name) = match &request.tool_choice {
        // The mode that holds calls to their schemas, as a forced call is held too.
        None | Some(ToolChoice::Auto) if strict => ("VALIDATED", None),
        None => return None,
        Some(ToolChoice::Auto) => ("AUTO", None),
        Some(ToolChoice::None) => ("NONE", None),
        Some(ToolChoice::Required) => ("ANY", None),
        Some(ToolChoice::Tool { kind: ToolKind::Function, name }) => ("ANY", Some(name)),
        Some(ToolChoice::Tool { .. } | ToolChoice::Opaque { .. }) => {
            blocks.constraint(path, "only the dialect that it was written in knows this choice");
            return None;
        }
    };
    Some(object_json(|object| {
        object.object("functionCallingConfig", |config| {
            config.string("mode", mode);
            if let Some(name) = name {
                config.array("allowedFunctionNames", |list| list.string(name));
            }
        });
    }))
}

/// `generationConfig`; `None` where there is nothing to say.
fn config(blocks: &mut Blocks, request: &Request, facts: &Facts) -> Option<Json> {
    let own = blocks.own;
    let kept = read_config::rest(&request.extra).filter(|_| own);
    let parameters = &request.parameters;
    let config = object_json(|object| {
        match (parameters.max_tokens.as_ref(), facts.max_output) {
            (Some(asked), Some(most)) if !own && asked.as_u64().is_some_and(|asked| asked > most) => {
                blocks.hint(Path::Root.field("max_tokens"), "lowered to what the model can generate");
                object.json("maxOutputTokens", &most.into());
            }
            (asked, _) => object.maybe_json("maxOutputTokens", asked),
        }
        for (name, path, value) in [
            ("temperature", "temperature", &parameters.temperature),
            ("topP", "top_p", &parameters.top_p),
            ("topK", "top_k", &parameters.top_k),
        ] {
            match value {
                Some(_) if !facts.sampling => {
                    blocks.hint(Path::Root.field(path), "the model takes no sampling parameters");
                }
                value => object.maybe_json(name, value.as_ref()),
            }
        }
        stop(object, blocks, request);
        object.maybe_json("seed", parameters.seed.as_ref());
        for (name, path, value) in [
            ("presencePenalty", "presence_penalty", &parameters.presence_penalty),
            ("frequencyPenalty", "frequency_penalty", &parameters.frequency_penalty),
        ] {
            match value {
                // "Penalty is not enabled for this model", say all that are left (vercel/ai issue 8943).
                Some(value) if !own => {
                    if value.as_f64().is_some_and(|value| value != 0.0) {
                        blocks.hint(Path::Root.field(path), "Gemini's models take no penalties any more");
                    }
                }
                value => object.maybe_json(name, value.as_ref()),
            }
        }
        match &parameters.n {
            Some(n) if own || n.as_u64().is_some_and(|n| n > 1) => object.json("candidateCount", n),
            _ => {}
        }
        if own {
            object.maybe_json("responseLogprobs", parameters.logprobs.as_ref());
            object.maybe_json("logprobs", parameters.top_logprobs.as_ref());
        }
        output(object, blocks, request, facts, kept.as_ref());
        thinking::write(object, blocks, request, facts, own);
        if let Some(kept) = &kept {
            object.extra(kept);
        }
    });
    (config.as_str() != "{}" || kept.is_some()).then_some(config)
}

fn stop(object: &mut Object<'_>, blocks: &mut Blocks, request: &Request) {
    let Some(stop) = &request.parameters.stop else { return };
    let most = if blocks.own { usize::MAX } else { MOST_STOPS };
    if stop.sequences.len() > most {
        blocks.constraint(Path::Root.field("stop"), "Gemini takes five stop sequences");
    }
    object.array("stopSequences", |list| {
        stop.sequences.iter().take(most).for_each(|sequence| list.string(sequence));
    });
}

fn output(
    object: &mut Object<'_>,
    blocks: &mut Blocks,
    request: &Request,
    facts: &Facts,
    kept: Option<&Extra>,
) {
    let path = Path::Root.field("output");
    match &request.output {
        None => {}
        Some(OutputFormat::Text) if blocks.own => object.string("responseMimeType", "text/plain"),
        Some(OutputFormat::Text) => {}
        // "Function calling with a response mime type: 'application/json' is unsupported", before Gemini 3.
        Some(OutputFormat::JsonObject | OutputFormat::JsonSchema { .. })
            if !blocks.own && !request.tools.is_empty() && !thinking::is_third(facts) =>
        {
            blocks.constraint(path, "the model does not answer in JSON while it has tools");
        }
        Some(OutputFormat::JsonObject) => object.string("responseMimeType", JSON),
        Some(OutputFormat::JsonSchema { .. }) if !facts.structured_output => {
            blocks.constraint(path, "the model does not answer by a JSON Schema");
        }
        Some(OutputFormat::JsonSchema { name, description, schema, .. }) => {
            if !blocks.own && (name.is_some() || description.is_some()) {
                blocks.hint(path, "Gemini has no name and no description of a schema");
            }
            object.string("responseMimeType", JSON);
            let older = |name: &str| kept.is_some_and(|kept| kept.get(name).is_some());
            if !older("responseSchema") && !older("response_schema") {
                object.json("responseJsonSchema", schema);
            }
        }
        Some(OutputFormat::Opaque { dialect: Dialect::GeminiGenerate, json }) => {
            object.json("responseMimeType", json)
        }
        Some(OutputFormat::Opaque { .. }) => {
            blocks.constraint(path, "only the dialect that it was written in knows this format");
        }
    }
}

/// Tells the parameters and fields that this dialect has nothing for.
fn report_unknown(blocks: &mut Blocks, request: &Request) {
    if blocks.own {
        return;
    }
    let parameters = &request.parameters;
    let number = |json: &Option<Json>| json.as_ref().and_then(Json::as_f64);
    let logprobs = parameters.logprobs.as_ref().is_some_and(|json| json.as_bool() == Some(true));
    if logprobs || number(&parameters.top_logprobs).is_some_and(|top| top > 0.0) {
        blocks.constraint(Path::Root.field("logprobs"), "Gemini's log probabilities have another form");
    }
    if parameters.logit_bias.as_ref().is_some_and(|bias| bias.as_str() != "{}") {
        blocks.hint(Path::Root.field("logit_bias"), "Gemini has no such parameter");
    }
    if request.user.is_some() {
        blocks.hint(Path::Root.field("user"), "Gemini has no field for the end user");
    }
    let tier = parameters.service_tier.as_ref().and_then(Json::to_text);
    if tier.as_deref().is_some_and(|tier| !matches!(tier, "auto" | "default" | "standard_only")) {
        blocks.hint(Path::Root.field("service_tier"), "Gemini's tiers are others");
    }
    for (name, _) in request.extra.iter().filter(|(name, value)| !value.is_null() && !is_ours(name)) {
        let path = Path::Root.field(name);
        match name.as_str() {
            name if FORBIDDEN.contains(&name) => {}
            // How a stream is told; this dialect tells usage in any case.
            "stream_options" => {}
            name if CONSTRAINTS.contains(&name) => blocks.constraint(path, "Gemini has no such field"),
            _ => blocks.hint(path, "Gemini has no such field"),
        }
    }
}

/// Fields of other dialects without which the answer would be another one.
const CONSTRAINTS: [&str; 9] = [
    "functions",
    "function_call",
    "modalities",
    "audio",
    "web_search_options",
    "response_format",
    "container",
    "mcp_servers",
    "context_management",
];
/// "up to 5" (Gemini API reference, `GenerationConfig.stopSequences`).
const MOST_STOPS: usize = 5;
const MOST_OF_NAME: usize = 64;
const JSON: &str = "application/json";
