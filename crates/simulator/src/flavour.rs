//! Whose OpenAI Chat Completions a simulator plays.

use std::fmt;

use crate::{
    compatible::{self, Compatible},
    dialect::Voice,
    openai::OpenAi,
};

/// Whose OpenAI Chat Completions a simulator plays: one dialect, spoken by several servers with an accent.
///
/// A flavour changes what `POST …/chat/completions` and `…/models` take, refuse and answer. Other dialects have none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flavour {
    /// OpenAI itself.
    #[default]
    Openai,
    /// DeepSeek.
    Deepseek,
    /// Qwen at DashScope, in its compatible mode.
    Qwen,
    /// Mistral.
    Mistral,
}

impl Flavour {
    /// Every flavour.
    pub const ALL: [Self; 4] = [Self::Openai, Self::Deepseek, Self::Qwen, Self::Mistral];

    /// The flavour's name: `openai`, `deepseek`, `qwen` or `mistral`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Deepseek => "deepseek",
            Self::Qwen => "qwen",
            Self::Mistral => "mistral",
        }
    }

    /// The flavour with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flavour| flavour.name() == name)
    }

    pub(crate) fn voice(self) -> &'static dyn Voice {
        match self {
            Self::Openai => &OpenAi,
            Self::Deepseek => &DEEPSEEK,
            Self::Qwen => &QWEN,
            Self::Mistral => &MISTRAL,
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

static DEEPSEEK: Compatible = Compatible(&compatible::deepseek::MANNER);
static QWEN: Compatible = Compatible(&compatible::qwen::MANNER);
static MISTRAL: Compatible = Compatible(&compatible::mistral::MANNER);
