//! Tools and the choice among them.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, SPEC};
use crate::rules::{
    rule::Asked,
    view::{given, is, is_word, list, names, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "tool-choice-shape",
        refuses: "a choice of tools that is no object or has no type of the API",
        source: MEASURED,
        check: choice,
    },
    Rule {
        name: "tools-shape",
        refuses: "tools that are no array of objects",
        source: MEASURED,
        check: shape,
    },
    Rule {
        name: "tool-name-pattern",
        refuses: "a tool's name that is missing, longer than 128, or has other characters than letters, digits, _ and -",
        source: SPEC,
        check: name,
    },
    Rule {
        name: "tool-name-duplicate",
        refuses: "two tools with one name",
        source: "the answer quoted in github.com/eclipse-theia/theia/issues/16122",
        check: duplicate,
    },
    Rule {
        name: "input-schema-missing",
        refuses: "a tool without an input_schema",
        source: SPEC,
        check: no_schema,
    },
    Rule {
        name: "input-schema-shape",
        refuses: "an input_schema that is no JSON object",
        source: "recorded at api.anthropic.com: github.com/0xPlaygrounds/rig, strict_schema_matrix/boolean_root_schema_is_rejected_for_tool_input.yaml",
        check: schema_shape,
    },
    Rule {
        name: "input-schema-type",
        refuses: "an input_schema whose type is not object",
        source: SPEC,
        check: schema_type,
    },
    Rule {
        name: "tool-field-unknown",
        refuses: "a field of a tool that is not in the API, as another dialect's function is",
        source: SPEC,
        check: extra,
    },
    Rule {
        name: "strict-tools-too-many",
        refuses: "more than 20 strict tools",
        source: "recorded at api.anthropic.com: github.com/0xPlaygrounds/rig, strict_schema_limits/twenty_one_strict_tools_are_rejected.yaml",
        check: strict,
    },
    Rule {
        name: "tool-choice-without-tools",
        refuses: "a forced tool use without tools",
        source: "Anthropic guide, Tool use: tool_choice any makes the model use one of the provided tools",
        check: nothing_to_choose,
    },
    Rule {
        name: "tool-choice-of-unknown-tool",
        refuses: "a choice of a tool that is not declared",
        source: "Anthropic guide, Tool use: tool_choice tool forces a particular tool of those provided",
        check: undeclared,
    },
];

fn choice(asked: &Asked<'_>) -> Option<Complaint> {
    let choice = asked.body.get("tool_choice")?;
    if !choice.is_object() {
        return Complaint::should_be("tool_choice", "an object");
    }
    let kind = text(choice, "type");
    if given(choice, "type").is_none() {
        return Complaint::missing("tool_choice.type");
    }
    if !["auto", "any", "tool", "none"].contains(&kind) {
        return Complaint::new(format!(
            "tool_choice: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'"
        ));
    }
    if kind == "tool" && given(choice, "name").is_none() {
        return Complaint::missing("tool_choice.tool.name");
    }
    let known = ["type", "name", "disable_parallel_tool_use"];
    let extra = names(choice).find(|name| !known.contains(name))?;
    Complaint::extra(&format!("tool_choice.{kind}.{extra}"))
}

fn shape(asked: &Asked<'_>) -> Option<Complaint> {
    let tools = asked.body.get("tools")?;
    let Some(items) = tools.as_array() else {
        return Complaint::should_be("tools", "a valid array");
    };
    let at = items.iter().position(|tool| !tool.is_object())?;
    Complaint::should_be(&format!("tools.{at}"), "an object")
}

fn name(asked: &Asked<'_>) -> Option<Complaint> {
    custom(asked).find_map(|(path, tool)| {
        let Some(name) = given(tool, "name") else {
            return Complaint::missing(&format!("{path}.name"));
        };
        let fits = name.as_str().is_some_and(|name| is_word(name) && name.len() <= MAX_NAME);
        (!fits)
            .then(|| {
                Complaint::new(format!(
                    "{path}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,{MAX_NAME}}}$'"
                ))
            })
            .flatten()
    })
}

fn duplicate(asked: &Asked<'_>) -> Option<Complaint> {
    let tools = list(asked.body, "tools");
    let mut names = tools.iter().map(|tool| text(tool, "name")).enumerate();
    names.find(|(at, name)| tools.iter().take(*at).any(|earlier| is(earlier, "name", name)))?;
    Complaint::new("tools: Tool names must be unique.")
}

fn no_schema(asked: &Asked<'_>) -> Option<Complaint> {
    let (path, _) = custom(asked).find(|(_, tool)| tool.get("input_schema").is_none())?;
    Complaint::missing(&format!("{path}.input_schema"))
}

fn schema_shape(asked: &Asked<'_>) -> Option<Complaint> {
    let is_other = |tool: &Value| tool.get("input_schema").is_some_and(|schema| !schema.is_object());
    let (path, _) = custom(asked).find(|(_, tool)| is_other(tool))?;
    Complaint::new(format!("{path}.input_schema: Input does not match the expected shape."))
}

fn schema_type(asked: &Asked<'_>) -> Option<Complaint> {
    custom(asked).find_map(|(path, tool)| match tool.get("input_schema")?.get("type") {
        None => Complaint::missing(&format!("{path}.input_schema.type")),
        Some(kind) if kind == "object" => None,
        Some(_) => Complaint::should_be(&format!("{path}.input_schema.type"), "'object'"),
    })
}

fn extra(asked: &Asked<'_>) -> Option<Complaint> {
    custom(asked).find_map(|(path, tool)| {
        let name = names(tool).find(|name| !TOOL_FIELDS.contains(name))?;
        Complaint::extra(&format!("{path}.{name}"))
    })
}

fn strict(asked: &Asked<'_>) -> Option<Complaint> {
    let strict = |(_, tool): &(String, &Value)| tool.get("strict") == Some(&Value::Bool(true));
    let count = custom(asked).filter(strict).count();
    (count > MAX_STRICT)
        .then(|| {
            Complaint::new(format!(
                "Too many strict tools ({count}). The maximum number of strict tools supported is {MAX_STRICT}. Try reducing the number of tools marked as strict."
            ))
        })
        .flatten()
}

fn nothing_to_choose(asked: &Asked<'_>) -> Option<Complaint> {
    let is_any = is(asked.body.get("tool_choice")?, "type", "any");
    let has_none = list(asked.body, "tools").is_empty();
    (is_any && has_none)
        .then(|| Complaint::new("tool_choice.any may only be specified while providing tools"))
        .flatten()
}

fn undeclared(asked: &Asked<'_>) -> Option<Complaint> {
    let choice = asked.body.get("tool_choice").filter(|choice| is(choice, "type", "tool"))?;
    let name = text(choice, "name");
    if list(asked.body, "tools").iter().any(|tool| is(tool, "name", name)) {
        return None;
    }
    Complaint::new(format!("Tool '{name}' not found in provided tools"))
}

/// The caller's own tools, and the paths to them. The others run at the provider and have fields of their own.
fn custom<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r Value)> {
    let tools = list(asked.body, "tools").iter().enumerate();
    let own = tools.filter(|(_, tool)| given(tool, "type").is_none_or(|kind| kind == "custom"));
    own.map(|(at, tool)| (format!("tools.{at}.custom"), tool))
}

const MAX_NAME: usize = 128;
const MAX_STRICT: usize = 20;
const TOOL_FIELDS: &[&str] = &[
    "allowed_callers",
    "cache_control",
    "defer_loading",
    "description",
    "eager_input_streaming",
    "input_examples",
    "input_schema",
    "name",
    "strict",
    "type",
];
