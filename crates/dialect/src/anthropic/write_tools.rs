//! Tools and the choice among them, out.

use backstop_core::{Dialect, Json, Request, Text, Tool, ToolChoice, ToolDefinition, ToolKind};

use super::{
    schema,
    write_part::{Blocks, list_of},
};
use crate::{
    Facts,
    json::{Path, object_json},
};

pub(super) fn tools(blocks: &mut Blocks, tools: &[Tool], facts: &Facts) -> Option<Json> {
    let list = Path::Root.field("tools");
    if !facts.tools && !tools.is_empty() {
        blocks.constraint(list, "the model calls no tools");
        return None;
    }
    let mut written = Vec::with_capacity(tools.len());
    for (index, tool) in tools.iter().enumerate() {
        if blocks.own || !is_repeated(blocks, tools, index, tool) {
            written.extend(write_tool(blocks, tool, list.item(index), facts));
        }
    }
    (!written.is_empty()).then(|| list_of(&written))
}

/// Whether a tool before this one has its name, which Anthropic refuses and OpenAI does not.
fn is_repeated(blocks: &mut Blocks, tools: &[Tool], index: usize, tool: &Tool) -> bool {
    let name = name_of(tool);
    let earlier = tools.iter().take(index).find(|earlier| name.is_some() && name_of(earlier) == name);
    if earlier.is_some_and(|earlier| earlier != tool) {
        blocks.constraint(Path::Root.field("tools").item(index), "another tool has the same name");
    }
    earlier.is_some()
}

fn name_of(tool: &Tool) -> Option<&Text> {
    match &tool.definition {
        ToolDefinition::Client { name, .. } => Some(name),
        ToolDefinition::Opaque { .. } => None,
    }
}

fn write_tool(blocks: &mut Blocks, tool: &Tool, path: Path<'_>, facts: &Facts) -> Option<Json> {
    let (name, description, schema, strict) = match &tool.definition {
        ToolDefinition::Client { kind: ToolKind::Function, name, description, schema, strict } => {
            (name, description, schema, *strict)
        }
        ToolDefinition::Client { kind: ToolKind::Custom, .. } => {
            blocks.constraint(path, "Anthropic Messages has no tools that take free text");
            return None;
        }
        ToolDefinition::Opaque { dialect: Dialect::AnthropicMessages, json } => return Some(json.clone()),
        ToolDefinition::Opaque { .. } => {
            blocks.constraint(path, "only the dialect that it was written in knows this tool");
            return None;
        }
    };
    let strict = if strict == Some(true) && !facts.structured_output {
        blocks.constraint(path.field("strict"), "the model does not hold to a schema to the letter");
        None
    } else {
        // What is the default need not be said.
        strict.filter(|strict| *strict || blocks.own)
    };
    let mark = blocks.mark(tool.cache.as_ref(), path);
    blocks.report_extra(&tool.extra, path);
    let own = blocks.own;
    Some(object_json(|object| {
        object.string("name", name);
        object.maybe_string("description", description.as_deref());
        match schema {
            Some(schema) if own => object.json("input_schema", schema),
            Some(schema) => object.json("input_schema", &schema::of_object(schema)),
            // Required here: the least that says "no arguments".
            None if !own => object.raw("input_schema", r#"{"type":"object"}"#),
            None => {}
        }
        object.maybe_bool("strict", strict);
        object.maybe_json("cache_control", mark.as_ref());
        if own {
            object.extra(&tool.extra);
        }
    }))
}

pub(super) fn tool_choice(blocks: &mut Blocks, request: &Request, has_tools: bool) -> Option<Json> {
    let path = Path::Root.field("tool_choice");
    let parallel = request.parallel_tool_calls;
    if !has_tools && !blocks.own {
        if matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Tool { .. })) {
            blocks.constraint(path, "there is no tool to choose");
        }
        return None;
    }
    let (kind, name) = match &request.tool_choice {
        Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::Tool { kind: ToolKind::Function, name }) => ("tool", Some(name)),
        Some(ToolChoice::Opaque { dialect: Dialect::AnthropicMessages, json }) => return Some(json.clone()),
        Some(ToolChoice::Tool { .. } | ToolChoice::Opaque { .. }) => {
            blocks.constraint(path, "only the dialect that it was written in knows this choice");
            return None;
        }
        // `true` is the default and need not be said.
        None if parallel == Some(false) => ("auto", None),
        None => return None,
    };
    let disable = parallel.map(|parallel| !parallel).filter(|_| kind != "none" || blocks.own);
    Some(object_json(|object| {
        object.string("type", kind);
        object.maybe_string("name", name.map(Text::as_str));
        object.maybe_bool("disable_parallel_tool_use", disable);
    }))
}
