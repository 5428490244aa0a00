use crate::{Model, Price, Reasoning};

/// What an operator knows better than the catalogue, or knows where the catalogue knows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelOverrides {
    /// The context window, in tokens.
    pub window: Option<u64>,
    /// The longest answer, in tokens.
    pub max_output: Option<u64>,
    /// Whether it reasons before it speaks.
    pub reasoning: Option<bool>,
    /// Whether it goes on from a last turn of its own.
    pub prefill: Option<bool>,
    /// Whether it takes `temperature`, `top_p` and `top_k`.
    pub sampling_params: Option<bool>,
    /// Whether it answers by a JSON Schema.
    pub structured_output: Option<bool>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it sees images.
    pub images: Option<bool>,
    /// Whether it reads documents.
    pub documents: Option<bool>,
    /// Whether it hears audio.
    pub audio: Option<bool>,
    /// What it costs: all of its price, not only what differs.
    pub price: Option<Price>,
}

impl ModelOverrides {
    /// `model` as the catalogue knows it, or a model of which nothing is known, with what is known better.
    #[must_use]
    pub fn apply(&self, id: &str, model: Option<&Model>) -> Model {
        let mut model = model.cloned().unwrap_or_else(|| Model { id: id.to_owned(), ..Model::default() });
        let over = |known: &mut Option<bool>, better: Option<bool>| *known = better.or(*known);
        over(&mut model.prefill, self.prefill);
        over(&mut model.sampling_params, self.sampling_params);
        over(&mut model.structured_output, self.structured_output);
        over(&mut model.tools, self.tools);
        over(&mut model.images, self.images);
        over(&mut model.documents, self.documents);
        over(&mut model.audio, self.audio);
        if self.window.is_some() {
            // A longest prompt belongs to the window that it was measured with.
            (model.window, model.max_input) = (self.window, None);
        }
        if let Some(price) = &self.price {
            model.price = price.clone();
        }
        model.max_output = self.max_output.or(model.max_output);
        if let Some(reasons) = self.reasoning {
            model.reasons_first = reasons;
            if !reasons {
                model.reasoning = Reasoning::None;
            } else if model.reasoning == Reasoning::None {
                model.reasoning = Reasoning::Unknown;
            }
        }
        model
    }
}
