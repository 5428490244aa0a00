use backstop_catalog::{Model, Reasoning};
use backstop_core::Flavour;
use backstop_dialect::{Facts, ReasoningStyle};

/// What the encoders need of what the catalogue knows. The unknown is allowed.
#[must_use]
pub fn facts_of(model: &Model) -> Facts {
    let reasoning = match model.reasoning {
        Reasoning::None => ReasoningStyle::None,
        Reasoning::Effort => ReasoningStyle::Effort,
        Reasoning::Budget => ReasoningStyle::Budget,
        Reasoning::Adaptive => ReasoningStyle::Adaptive,
        _ => ReasoningStyle::Unknown,
    };
    Facts {
        max_output: model.max_output,
        reasoning,
        sampling: model.sampling_params.unwrap_or(true),
        prefill: model.prefill.unwrap_or(true),
        structured_output: model.structured_output.unwrap_or(true),
        tools: model.tools.unwrap_or(true),
        // Only OpenAI's own models are in the catalogue under this dialect; servers that imitate it often know the older
        // names alone, which OpenAI's older models take as well.
        newer_openai_names: !model.source.is_empty(),
        system_in_talk: model.system_in_talk.unwrap_or(false),
        flavour: Flavour::Compatible,
    }
}
