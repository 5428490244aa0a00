//! What is refused as no answer.

use backstop_core::Json;

/// Which answers of a target are refused. What is `None` is not said: off, unless the chain says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValidateConfig {
    /// Whether an answer must say something.
    pub non_empty: Option<bool>,
    /// Whether an answer may say one thing over and over.
    pub repetition: Option<RepetitionRule>,
    /// Whose text must be JSON.
    pub json: Option<JsonRule>,
    /// What schema the text must follow.
    pub json_schema: Option<SchemaRule>,
    /// Which tools an answer may call.
    pub tools: Option<ToolsRule>,
}

/// Whether an answer may say one thing over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepetitionRule {
    /// It may.
    Off,
    /// It may not: so many bytes of a piece of at most so many bytes, where they are not the default.
    On {
        /// How much of it.
        span: Option<u64>,
        /// The longest piece.
        unit: Option<u64>,
    },
}

/// Whose text must be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonRule {
    /// Nobody's.
    Off,
    /// Everybody's.
    Always,
    /// Theirs who asked for JSON.
    Requested,
}

/// What schema the text must follow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaRule {
    /// None.
    Off,
    /// The one that the request brings.
    Requested,
    /// This one.
    Is(Json),
}

/// Which tools an answer may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolsRule {
    /// Any.
    Any,
    /// Those that the request declares.
    Declared,
}

impl ValidateConfig {
    /// What this says, and what `chain` says else.
    #[must_use]
    pub fn or(self, chain: &Self) -> Self {
        Self {
            non_empty: self.non_empty.or(chain.non_empty),
            repetition: self.repetition.or(chain.repetition),
            json: self.json.or(chain.json),
            json_schema: self.json_schema.or_else(|| chain.json_schema.clone()),
            tools: self.tools.or(chain.tools),
        }
    }

    /// The rules that are on, by their names in a file.
    #[must_use]
    pub fn rules(&self) -> Vec<&'static str> {
        let all = [
            ("non_empty", self.non_empty == Some(true)),
            ("repetition", matches!(self.repetition, Some(RepetitionRule::On { .. }))),
            ("json", self.json.is_some_and(|rule| rule != JsonRule::Off)),
            ("json_schema", self.json_schema.as_ref().is_some_and(|rule| *rule != SchemaRule::Off)),
            ("tools", self.tools == Some(ToolsRule::Declared)),
        ];
        all.into_iter().filter_map(|(name, on)| on.then_some(name)).collect()
    }
}
