//! Tools and the choice among them, out.

use backstop_core::{Dialect, Json, Request, Text, Tool, ToolChoice, ToolDefinition, ToolKind};

use super::write_part::{Blocks, list_of};
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
    let written = tools.iter().enumerate();
    let written: Vec<_> =
        written.filter_map(|(index, tool)| write_tool(blocks, tool, list.item(index), facts)).collect();
    (!written.is_empty()).then(|| list_of(&written))
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
            Some(schema) => object.json("input_schema", schema),
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
