//! Tools and the choice among them.

use serde_json::Value;

use super::{
    Complaint, Rule, SPEC, family, schema,
    view::{config, either, items},
};
use crate::rules::{rule::Asked, view::text};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "function-name-pattern",
        refuses: "a function's name that does not begin with a letter or _, has other characters than letters, digits, _, ., : and -, or is longer than 64",
        source: "the answer quoted in github.com/google-gemini/gemini-cli/issues/9535: Invalid function name",
        check: name,
    },
    Rule {
        name: "function-parameters-twice",
        refuses: "parameters in both of the ways that there are",
        source: "Gemini API reference, ai.google.dev/api/caching#FunctionDeclaration: parametersJsonSchema is mutually exclusive with parameters",
        check: both,
    },
    Rule {
        name: "function-parameters-schema",
        refuses: "a schema of parameters with an array without items, words that are no strings, or a required property that is none",
        source: "the answers quoted in github.com/cline/cline/issues/7339 and github.com/decolua/9router/issues/359: items: missing field; enum only allowed for STRING type",
        check: parameters,
    },
    Rule {
        name: "choice-without-functions",
        refuses: "a choice among functions without functions; from Gemini 3 on only the mode ANY",
        source: "the answer quoted in github.com/pydantic/pydantic-ai/pull/5791: Function calling config is set without function_declarations",
        check: nothing_to_choose,
    },
    Rule {
        name: "allowed-names-without-any",
        refuses: "allowed functions in another mode than ANY and VALIDATED",
        source: "Gemini API reference, ai.google.dev/api/caching#FunctionCallingConfig: allowedFunctionNames should only be set when the mode is ANY or VALIDATED",
        check: allowed_elsewhere,
    },
    Rule {
        name: "allowed-name-undeclared",
        refuses: "an allowed function that no tool declares",
        source: "Gemini API reference, ai.google.dev/api/caching#FunctionCallingConfig: names should match FunctionDeclaration.name",
        check: undeclared,
    },
    Rule {
        name: "tools-of-both-kinds",
        refuses: "functions beside tools that Google runs, before Gemini 3",
        source: "the answer quoted in github.com/symfony/ai/issues/803: Tool use with function calling is unsupported",
        check: mixed,
    },
    Rule {
        name: "tools-with-json",
        refuses: "functions beside an answer in JSON, before Gemini 3",
        source: "the answer quoted in github.com/googleapis/python-genai/issues/867: Function calling with a response mime type: 'application/json' is unsupported",
        check: with_json,
    },
    Rule {
        name: "cached-content-with-tools",
        refuses: "cached content beside instructions, tools or a choice among them",
        source: "the answer quoted in github.com/vercel/ai/issues/3333: CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config",
        check: cached_with_tools,
    },
    Rule {
        name: "cached-content-unknown",
        refuses: "cached content that is not there",
        source: SPEC,
        check: cached,
    },
];

fn name(asked: &Asked<'_>) -> Option<Complaint> {
    let (path, _) = declared(asked).find(|(_, function)| !is_name(text(function, "name")))?;
    Complaint::of(&format!("{path}.name"), BAD_NAME)
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let rest = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte));
    begins && rest && name.len() <= 64
}

fn both(asked: &Asked<'_>) -> Option<Complaint> {
    let json = |function| either(function, "parametersJsonSchema", "parameters_json_schema");
    let (path, _) = declared(asked)
        .find(|(_, function)| !function["parameters"].is_null() && !json(function).is_null())?;
    Complaint::of(&path, "parameters and parameters_json_schema are mutually exclusive.")
}

fn parameters(asked: &Asked<'_>) -> Option<Complaint> {
    declared(asked).find_map(|(path, function)| {
        let (below, what) = schema::fault(&function["parameters"], &format!("{path}.parameters"))?;
        Complaint::of(&below, what)
    })
}

fn nothing_to_choose(asked: &Asked<'_>) -> Option<Complaint> {
    let is_any = text(calling(asked), "mode").eq_ignore_ascii_case("ANY");
    let older = family::of(asked).is_some_and(|family| !family.combines) && !calling(asked).is_null();
    ((is_any || older) && declared(asked).next().is_none())
        .then(|| Complaint::new("Function calling config is set without function_declarations."))?
}

fn allowed_elsewhere(asked: &Asked<'_>) -> Option<Complaint> {
    let mode = text(calling(asked), "mode").to_ascii_uppercase();
    (!allowed(asked).is_empty() && !["ANY", "VALIDATED"].contains(&mode.as_str()))
        .then(|| Complaint::of(ALLOWED, "should only be set when the mode is ANY or VALIDATED."))?
}

fn undeclared(asked: &Asked<'_>) -> Option<Complaint> {
    let is_known = |name: &&Value| declared(asked).any(|(_, function)| function["name"] == **name);
    let name = allowed(asked).iter().find(|name| !is_known(name))?.as_str()?;
    Complaint::of(ALLOWED, format!("{name} is not declared in function_declarations."))
}

fn mixed(asked: &Asked<'_>) -> Option<Complaint> {
    family::of(asked).filter(|family| !family.combines)?;
    (declared(asked).next().is_some() && has_others(asked))
        .then(|| Complaint::new("Tool use with function calling is unsupported"))?
}

fn with_json(asked: &Asked<'_>) -> Option<Complaint> {
    family::of(asked).filter(|family| !family.combines)?;
    let kind = either(config(asked.body), "responseMimeType", "response_mime_type").as_str()?;
    let what = match (kind, declared(asked).next().is_some(), has_others(asked)) {
        ("text/plain" | "", ..) | (_, false, false) => return None,
        (_, true, _) => "Function calling",
        (_, false, true) => "Tool use",
    };
    Complaint::new(format!("{what} with a response mime type: '{kind}' is unsupported"))
}

fn cached_with_tools(asked: &Asked<'_>) -> Option<Complaint> {
    cached_name(asked)?;
    let says =
        [("systemInstruction", "system_instruction"), ("tools", "tools"), ("toolConfig", "tool_config")]
            .iter()
            .any(|(camel, snake)| !either(asked.body, camel, snake).is_null());
    says.then(|| Complaint::new(CACHED))?
}

fn cached(asked: &Asked<'_>) -> Option<Complaint> {
    cached_name(asked)?;
    Complaint::denied("CachedContent not found (or permission denied)")
}

fn cached_name<'r>(asked: &Asked<'r>) -> Option<&'r str> {
    either(asked.body, "cachedContent", "cached_content").as_str().filter(|name| !name.is_empty())
}

/// The declared functions, and the paths to them.
fn declared<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r Value)> {
    items(asked.body, "tools", "tools").iter().enumerate().flat_map(|(at, tool)| {
        let functions = items(tool, "functionDeclarations", "function_declarations").iter().enumerate();
        functions.map(move |(nth, function)| (format!("tools[{at}].function_declarations[{nth}]"), function))
    })
}

/// Whether there is a tool that Google runs itself.
fn has_others(asked: &Asked<'_>) -> bool {
    let mut fields = items(asked.body, "tools", "tools").iter().filter_map(Value::as_object).flatten();
    fields.any(|(name, value)| {
        !value.is_null() && !["functionDeclarations", "function_declarations"].contains(&name.as_str())
    })
}

fn calling<'r>(asked: &Asked<'r>) -> &'r Value {
    let config = either(asked.body, "toolConfig", "tool_config");
    either(config, "functionCallingConfig", "function_calling_config")
}

fn allowed<'r>(asked: &Asked<'r>) -> &'r [Value] {
    items(calling(asked), "allowedFunctionNames", "allowed_function_names")
}

const ALLOWED: &str = "tool_config.function_calling_config.allowed_function_names";
const BAD_NAME: &str = "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, \
    0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.";
const CACHED: &str = "CachedContent can not be used with GenerateContent request setting system_instruction, tools or \
    tool_config.\n\nProposed fix: move those values to CachedContent from GenerateContent request.";
