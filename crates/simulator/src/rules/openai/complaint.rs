use serde_json::{Value, json};

/// How OpenAI complains of a request: `{"error": {message, type, param, code}}`, with the status 400.
#[derive(Debug)]
pub(in crate::rules) struct Complaint {
    message: String,
    param: Option<String>,
    code: Option<&'static str>,
}

impl Complaint {
    /// Names a parameter and a code.
    pub(super) fn new(
        param: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Option<Self> {
        Some(Self { message: message.into(), param: Some(param.into()), code: Some(code) })
    }

    /// Names a parameter and has no code.
    pub(super) fn of(param: impl Into<String>, message: impl Into<String>) -> Option<Self> {
        Some(Self { message: message.into(), param: Some(param.into()), code: None })
    }

    /// Names no parameter and has a code.
    pub(super) fn coded(code: &'static str, message: impl Into<String>) -> Option<Self> {
        Some(Self { message: message.into(), param: None, code: Some(code) })
    }

    /// Names nothing.
    pub(super) fn plain(message: impl Into<String>) -> Option<Self> {
        Some(Self { message: message.into(), param: None, code: None })
    }

    /// A required field is not there.
    pub(super) fn missing(param: impl Into<String>) -> Option<Self> {
        let param = param.into();
        let message = format!("Missing required parameter: '{param}'.");
        Self::new(param, "missing_required_parameter", message)
    }

    /// A field is of the wrong type.
    pub(super) fn wrong_type(param: impl Into<String>, expected: &str, got: &Value) -> Option<Self> {
        let param = param.into();
        let message =
            format!("Invalid type for '{param}': expected {expected}, but got {} instead.", words(got));
        Self::new(param, "invalid_type", message)
    }

    /// A word is none of those that the field takes.
    pub(super) fn wrong_value(param: impl Into<String>, got: &str, supported: &str) -> Option<Self> {
        Self::new(
            param,
            "invalid_value",
            format!("Invalid value: '{got}'. Supported values are: {supported}."),
        )
    }

    /// An array has no member.
    pub(super) fn empty_array(param: impl Into<String>) -> Option<Self> {
        let param = param.into();
        let message = format!(
            "Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        );
        Self::new(param, "empty_array", message)
    }

    /// An array has too many members.
    pub(super) fn long_array(param: &str, most: usize, got: usize) -> Option<Self> {
        Self::new(
            param,
            "array_above_max_length",
            format!(
                "Invalid '{param}': array too long. Expected an array with maximum length {most}, but got an array with length {got} instead."
            ),
        )
    }

    /// A string has too many characters.
    pub(super) fn long_string(param: impl Into<String>, most: usize, got: usize) -> Option<Self> {
        let param = param.into();
        let message = format!(
            "Invalid '{param}': string too long. Expected a string with maximum length {most}, but got a string with length {got} instead."
        );
        Self::new(param, "string_above_max_length", message)
    }

    /// The model does not take the parameter.
    pub(super) fn unsupported(param: &str) -> Option<Self> {
        Self::new(
            param,
            "unsupported_parameter",
            format!("Unsupported parameter: '{param}' is not supported with this model."),
        )
    }

    /// The document that goes to the caller.
    pub(in crate::rules) fn into_body(self) -> Value {
        let Self { message, param, code } = self;
        json!({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}})
    }
}

/// A JSON type in OpenAI's words.
fn words(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
