//! The messages of a request, as the API reference has them (<https://ai.google.dev/api/generate-content>,
//! <https://ai.google.dev/api/caching>).

use super::descriptor::{Field, Kind, Message, many, message, one};

pub(super) static REQUEST: Message = message(
    "GenerateContentRequest",
    &[
        one("model", Kind::Text),
        one("systemInstruction", Kind::Message(&CONTENT)),
        many("contents", Kind::Message(&CONTENT)),
        many("tools", Kind::Message(&TOOL)),
        one("toolConfig", Kind::Message(&TOOL_CONFIG)),
        many("safetySettings", Kind::Message(&SAFETY_SETTING)),
        one("generationConfig", Kind::Message(&GENERATION_CONFIG)),
        one("cachedContent", Kind::Text),
        one("serviceTier", Kind::Text),
        one("store", Kind::Bool),
    ],
);

static CONTENT: Message = message("Content", &[many("parts", Kind::Message(&PART)), one("role", Kind::Text)]);

static PART: Message = Message {
    name: "Part",
    fields: &[
        one("thought", Kind::Bool),
        one("thoughtSignature", Kind::Bytes),
        one("partMetadata", Kind::Struct),
        one("mediaResolution", Kind::Struct),
        one("videoMetadata", Kind::Struct),
        one("text", Kind::Text),
        one("inlineData", Kind::Message(&BLOB)),
        one("functionCall", Kind::Message(&FUNCTION_CALL)),
        one("functionResponse", Kind::Message(&FUNCTION_RESPONSE)),
        one("fileData", Kind::Message(&FILE_DATA)),
        one("executableCode", Kind::Struct),
        one("codeExecutionResult", Kind::Struct),
        one("toolCall", Kind::Struct),
        one("toolResponse", Kind::Struct),
    ],
    one_of: Some(("data", PART_DATA)),
};

/// What a part may hold one of.
pub(super) const PART_DATA: &[&str] = &[
    "text",
    "inlineData",
    "functionCall",
    "functionResponse",
    "fileData",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

static BLOB: Message = message("Blob", &[one("mimeType", Kind::Text), one("data", Kind::Bytes)]);

static FILE_DATA: Message = message("FileData", &[one("mimeType", Kind::Text), one("fileUri", Kind::Text)]);

static FUNCTION_CALL: Message =
    message("FunctionCall", &[one("id", Kind::Text), one("name", Kind::Text), one("args", Kind::Struct)]);

static FUNCTION_RESPONSE: Message = message(
    "FunctionResponse",
    &[
        one("id", Kind::Text),
        one("name", Kind::Text),
        one("response", Kind::Struct),
        many("parts", Kind::Message(&FUNCTION_RESPONSE_PART)),
        one("willContinue", Kind::Bool),
        one("scheduling", Kind::Text),
    ],
);

static FUNCTION_RESPONSE_PART: Message =
    message("FunctionResponsePart", &[one("inlineData", Kind::Message(&BLOB))]);

static TOOL: Message = message(
    "Tool",
    &[
        many("functionDeclarations", Kind::Message(&FUNCTION_DECLARATION)),
        one("googleSearchRetrieval", Kind::Struct),
        one("codeExecution", Kind::Struct),
        one("googleSearch", Kind::Struct),
        one("computerUse", Kind::Struct),
        one("urlContext", Kind::Struct),
        one("fileSearch", Kind::Struct),
        many("mcpServers", Kind::Struct),
        one("googleMaps", Kind::Struct),
    ],
);

static FUNCTION_DECLARATION: Message = message(
    "FunctionDeclaration",
    &[
        one("name", Kind::Text),
        one("description", Kind::Text),
        one(
            "behavior",
            Kind::Enum("FunctionDeclaration.Behavior", &["UNSPECIFIED", "BLOCKING", "NON_BLOCKING"]),
        ),
        one("parameters", Kind::Message(&SCHEMA)),
        one("parametersJsonSchema", Kind::Any),
        one("response", Kind::Message(&SCHEMA)),
        one("responseJsonSchema", Kind::Any),
    ],
);

pub(super) static SCHEMA: Message = message(
    "Schema",
    &[
        one("type", Kind::Enum("Type", TYPES)),
        one("format", Kind::Text),
        one("title", Kind::Text),
        one("description", Kind::Text),
        one("nullable", Kind::Bool),
        many("enum", Kind::Text),
        one("maxItems", Kind::Int64),
        one("minItems", Kind::Int64),
        one("properties", Kind::Map(&SCHEMA)),
        many("required", Kind::Text),
        one("minProperties", Kind::Int64),
        one("maxProperties", Kind::Int64),
        one("minLength", Kind::Int64),
        one("maxLength", Kind::Int64),
        one("pattern", Kind::Text),
        one("example", Kind::Any),
        many("anyOf", Kind::Message(&SCHEMA)),
        many("propertyOrdering", Kind::Text),
        one("default", Kind::Any),
        one("items", Kind::Message(&SCHEMA)),
        one("minimum", Kind::Float),
        one("maximum", Kind::Float),
    ],
);

const TYPES: &[&str] =
    &["TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];

static TOOL_CONFIG: Message = message(
    "ToolConfig",
    &[
        one("functionCallingConfig", Kind::Message(&FUNCTION_CALLING_CONFIG)),
        one("retrievalConfig", Kind::Struct),
        one("includeServerSideToolInvocations", Kind::Bool),
    ],
);

static FUNCTION_CALLING_CONFIG: Message = message(
    "FunctionCallingConfig",
    &[
        one(
            "mode",
            Kind::Enum(
                "FunctionCallingConfig.Mode",
                &["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"],
            ),
        ),
        many("allowedFunctionNames", Kind::Text),
    ],
);

static SAFETY_SETTING: Message = message(
    "SafetySetting",
    &[
        one("category", Kind::Enum("HarmCategory", CATEGORIES)),
        one("threshold", Kind::Enum("SafetySetting.HarmBlockThreshold", THRESHOLDS)),
    ],
);

const CATEGORIES: &[&str] = &[
    "HARM_CATEGORY_UNSPECIFIED",
    "HARM_CATEGORY_DEROGATORY",
    "HARM_CATEGORY_TOXICITY",
    "HARM_CATEGORY_VIOLENCE",
    "HARM_CATEGORY_SEXUAL",
    "HARM_CATEGORY_MEDICAL",
    "HARM_CATEGORY_DANGEROUS",
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_CIVIC_INTEGRITY",
];
const THRESHOLDS: &[&str] = &[
    "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
    "BLOCK_LOW_AND_ABOVE",
    "BLOCK_MEDIUM_AND_ABOVE",
    "BLOCK_ONLY_HIGH",
    "BLOCK_NONE",
    "OFF",
];

static GENERATION_CONFIG: Message = message("GenerationConfig", CONFIG_FIELDS);

const CONFIG_FIELDS: &[Field] = &[
    many("stopSequences", Kind::Text),
    one("responseMimeType", Kind::Text),
    one("responseSchema", Kind::Message(&SCHEMA)),
    one("_responseJsonSchema", Kind::Any),
    one("responseJsonSchema", Kind::Any),
    many(
        "responseModalities",
        Kind::Enum("GenerationConfig.Modality", &["MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO"]),
    ),
    one("candidateCount", Kind::Int32),
    one("maxOutputTokens", Kind::Int32),
    one("temperature", Kind::Float),
    one("topP", Kind::Float),
    one("topK", Kind::Int32),
    one("seed", Kind::Int32),
    one("presencePenalty", Kind::Float),
    one("frequencyPenalty", Kind::Float),
    one("responseLogprobs", Kind::Bool),
    one("logprobs", Kind::Int32),
    one("enableEnhancedCivicAnswers", Kind::Bool),
    one("speechConfig", Kind::Struct),
    one("thinkingConfig", Kind::Message(&THINKING_CONFIG)),
    one("imageConfig", Kind::Struct),
    one(
        "mediaResolution",
        Kind::Enum(
            "GenerationConfig.MediaResolution",
            &[
                "MEDIA_RESOLUTION_UNSPECIFIED",
                "MEDIA_RESOLUTION_LOW",
                "MEDIA_RESOLUTION_MEDIUM",
                "MEDIA_RESOLUTION_HIGH",
                "MEDIA_RESOLUTION_ULTRA_HIGH",
            ],
        ),
    ),
];

static THINKING_CONFIG: Message = message(
    "ThinkingConfig",
    &[
        one("includeThoughts", Kind::Bool),
        one("thinkingBudget", Kind::Int32),
        one(
            "thinkingLevel",
            Kind::Enum(
                "ThinkingConfig.ThinkingLevel",
                &["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH"],
            ),
        ),
    ],
);
