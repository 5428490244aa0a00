//! The whole stack, from YAML, inside an axum app: its own routes, its own port, and chains under `/llm`.

use std::error::Error;

use axum::{Router, http::header, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let backstop = backstop::from_yaml(YAML)?;
    let counted = backstop.clone();
    let metrics = async move || ([(header::CONTENT_TYPE, OPEN_METRICS)], counted.metrics());
    let app = Router::new()
        .route("/", get("an app of one's own"))
        .route("/metrics", get(metrics))
        .nest_service("/llm", backstop);
    backstop_examples::serve(app).await
}

const YAML: &str = r#"
providers:
  openai:    { base_url: "${OPENAI_BASE_URL:-https://api.openai.com/v1}", api_key: "${OPENAI_API_KEY}" }
  anthropic: { base_url: "${ANTHROPIC_BASE_URL:-https://api.anthropic.com/v1}", api_key: "${ANTHROPIC_API_KEY}" }
chains:
  writer:
    validate: { non_empty: true }
    targets: [openai/gpt-4.1-mini, anthropic/claude-sonnet-4-5]
"#;
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
