//! Tools and the choice among them.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, SPEC, schema};
use crate::rules::{
    rule::Asked,
    view::{given, is, is_word, list, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule { name: "tools-not-an-array", refuses: "tools that are no array", source: MEASURED, check: shape },
    Rule { name: "tools-empty", refuses: "an empty array of tools", source: SPEC, check: empty },
    Rule { name: "tools-too-many", refuses: "more than 128 tools", source: SPEC, check: too_many },
    Rule {
        name: "tool-function-missing",
        refuses: "a tool without its function",
        source: MEASURED,
        check: body,
    },
    Rule {
        name: "tool-name-missing",
        refuses: "a function without a name",
        source: MEASURED,
        check: no_name,
    },
    Rule {
        name: "tool-name-pattern",
        refuses: "a function's name with other characters than letters, digits, _ and -",
        source: SPEC,
        check: pattern,
    },
    Rule {
        name: "tool-name-too-long",
        refuses: "a function's name with more than 64 characters",
        source: SPEC,
        check: long_name,
    },
    Rule {
        name: "tool-parameters-not-an-object",
        refuses: "parameters of a function whose schema is for something else than an object",
        source: "OpenAI guide, Function calling: parameters are a JSON Schema of an object",
        check: parameters,
    },
    Rule {
        name: "tool-strict-schema",
        refuses: "a strict function whose schema is open or has optional properties",
        source: schema::SOURCE,
        check: strict,
    },
    Rule {
        name: "tool-choice-without-tools",
        refuses: "a choice of tools without tools",
        source: "the answer quoted in github.com/writer/writer-framework/pull/1013",
        check: nothing_to_choose,
    },
    Rule {
        name: "tool-choice-unknown",
        refuses: "a mode of choice that is not in the API",
        source: MEASURED,
        check: mode,
    },
    Rule {
        name: "tool-choice-of-unknown-function",
        refuses: "a choice of a function that no tool declares",
        source: MEASURED,
        check: undeclared,
    },
    Rule {
        name: "parallel-tool-calls-without-tools",
        refuses: "parallel_tool_calls without tools",
        source: "OpenAI API reference, Create chat completion: parallel_tool_calls is about the use of tools",
        check: parallel,
    },
];

fn shape(asked: &Asked<'_>) -> Option<Complaint> {
    let tools = given(asked.body, "tools").filter(|tools| !tools.is_array())?;
    Complaint::wrong_type("tools", "an array of objects", tools)
}

fn empty(asked: &Asked<'_>) -> Option<Complaint> {
    let is_empty = given(asked.body, "tools")?.as_array()?.is_empty();
    is_empty.then(|| Complaint::empty_array("tools")).flatten()
}

fn too_many(asked: &Asked<'_>) -> Option<Complaint> {
    let count = list(asked.body, "tools").len();
    (count > MAX_TOOLS).then(|| Complaint::long_array("tools", MAX_TOOLS, count)).flatten()
}

fn body(asked: &Asked<'_>) -> Option<Complaint> {
    let lacks = |tool: &Value| !is(tool, "type", "custom") && given(tool, "function").is_none();
    let at = list(asked.body, "tools").iter().position(lacks)?;
    Complaint::missing(format!("tools[{at}].function"))
}

fn no_name(asked: &Asked<'_>) -> Option<Complaint> {
    let (at, _) = functions(asked).find(|(_, function)| given(function, "name").is_none())?;
    Complaint::missing(format!("tools[{at}].function.name"))
}

fn pattern(asked: &Asked<'_>) -> Option<Complaint> {
    let (at, _) = functions(asked).find(|(_, function)| !is_word(text(function, "name")))?;
    let param = format!("tools[{at}].function.name");
    let message = format!(
        "Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
    );
    Complaint::new(param, "invalid_value", message)
}

fn long_name(asked: &Asked<'_>) -> Option<Complaint> {
    let mut lengths = functions(asked).map(|(at, function)| (at, text(function, "name").len()));
    let (at, length) = lengths.find(|(_, length)| *length > MAX_NAME)?;
    Complaint::long_string(format!("tools[{at}].function.name"), MAX_NAME, length)
}

fn parameters(asked: &Asked<'_>) -> Option<Complaint> {
    functions(asked).find_map(|(at, function)| {
        let kind = function.get("parameters")?.get("type")?;
        (kind != "object")
            .then(|| {
                let kind = kind.as_str().unwrap_or("None");
                Complaint::new(
                    format!("tools[{at}].function.parameters"),
                    "invalid_function_parameters",
                    format!(
                        "Invalid schema for function '{}': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'.",
                        text(function, "name")
                    ),
                )
            })
            .flatten()
    })
}

fn strict(asked: &Asked<'_>) -> Option<Complaint> {
    let mut strict =
        functions(asked).filter(|(_, function)| function.get("strict") == Some(&Value::Bool(true)));
    strict.find_map(|(at, function)| {
        let fault = schema::fault(function.get("parameters")?)?;
        Complaint::new(
            format!("tools[{at}].function.parameters"),
            "invalid_function_parameters",
            format!("Invalid schema for function '{}': {fault}", text(function, "name")),
        )
    })
}

fn nothing_to_choose(asked: &Asked<'_>) -> Option<Complaint> {
    given(asked.body, "tool_choice")?;
    needs_tools(asked, "tool_choice")
}

fn parallel(asked: &Asked<'_>) -> Option<Complaint> {
    given(asked.body, "parallel_tool_calls")?;
    needs_tools(asked, "parallel_tool_calls")
}

fn mode(asked: &Asked<'_>) -> Option<Complaint> {
    let mode = asked.body.get("tool_choice")?.as_str()?;
    if ["none", "auto", "required"].contains(&mode) {
        return None;
    }
    Complaint::wrong_value("tool_choice", mode, "'none', 'auto', and 'required'")
}

// The complaint does name the field of the older API, for this one too.
fn undeclared(asked: &Asked<'_>) -> Option<Complaint> {
    let name = asked.body.get("tool_choice")?.get("function")?.get("name")?.as_str()?;
    let is_declared = functions(asked).any(|(_, function)| is(function, "name", name));
    (!is_declared)
        .then(|| {
            Complaint::of(
                "function_call",
                format!(
                    "Invalid value for 'function_call': no function named '{name}' was specified in the 'functions' parameter."
                ),
            )
        })
        .flatten()
}

fn needs_tools(asked: &Asked<'_>, field: &str) -> Option<Complaint> {
    if given(asked.body, "tools").is_some() {
        return None;
    }
    let message =
        format!("Invalid value for '{field}': '{field}' is only allowed when 'tools' are specified.");
    Complaint::of(field, message)
}

/// The declared functions, and where in the array they stand.
pub(super) fn functions<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (usize, &'r Value)> {
    let tools = list(asked.body, "tools").iter().enumerate();
    tools.filter_map(|(at, tool)| Some((at, given(tool, "function")?)))
}

const MAX_TOOLS: usize = 128;
const MAX_NAME: usize = 64;
