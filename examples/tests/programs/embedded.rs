//! The whole stack inside an app that serves other things, too.

use backstop_simulator::{Answer, Dialect, Fault, Script, Simulator};
use serde_json::json;

use crate::program::{Program, environment, started};

#[tokio::test]
async fn an_app_serves_chains_under_a_path_of_its_own() {
    let openai = Simulator::new("openai").with_dialect(Dialect::OpenAiChat).with_key("sk-openai");
    let anthropic =
        Simulator::new("anthropic").with_dialect(Dialect::AnthropicMessages).with_key("sk-anthropic");
    let ((_one, one_url), (_two, two_url)) = (started(&openai).await, started(&anthropic).await);
    let app = Program::start(env!("CARGO_BIN_EXE_embedded"), &environment(&one_url, &two_url)).await;
    let question = |stream| json!({"model": "writer", "stream": stream, "messages": [{"role": "user", "content": "Hello there"}]});
    let reply = app.post("/llm/v1/chat/completions", &question(true)).await;
    assert_eq!(
        (reply.said().as_str(), reply.header("x-backstop-target")),
        ("Hello there", "openai/gpt-4.1-mini")
    );

    openai.script("gpt-4.1-mini", Script::new([Answer::blank()]).then_always(Fault::status(503)));
    for _ in 0..2 {
        let reply = app.post("/llm/v1/chat/completions", &question(false)).await;
        assert_eq!(reply.header("x-backstop-target"), "anthropic/claude-sonnet-4-5");
        assert_eq!(reply.said(), "Hello there");
    }
    // Its own routes are its own.
    let (home, metrics) = (app.get("/").await, app.get("/metrics").await);
    assert_eq!(home.text, "an app of one's own");
    let rejected = r#"backstop_answers_rejected_total{target="openai/gpt-4.1-mini",rule="empty"} 1"#;
    assert!(metrics.text.contains(rejected), "{}", metrics.text);
}
