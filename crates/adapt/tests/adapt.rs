//! Edits are noted, in order, and nothing else happens.

use backstop_adapt::{AdaptConfig, AdaptLayer};
use backstop_core::{Edit, Json, Parameter, Target};
use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
use tower_layer::Layer as _;

fn layer(model: &str) -> AdaptLayer {
    let cap = Edit::Cap(Parameter::MaxTokens, Json::parse("100".into()).expect("a number"));
    AdaptLayer::new(AdaptConfig::new(Target::new("openai", model)).with_edits([cap]))
}

#[tokio::test]
async fn two_layers_add_up_and_the_callers_request_stays_as_it_is() {
    let provider: Script = Script::repeat(Step::answer(AnswerPlan::text(&["Hello"])));
    let mut service = layer("outer").layer(layer("inner").layer(provider.clone()));
    let call = sample::streamed();
    ready_call(&mut service, sample::request(call.clone())).await.unwrap();
    let seen = provider.calls()[0].call.clone().unwrap();
    let models: Vec<_> =
        seen.attempt().edits().iter().filter(|edit| matches!(edit, Edit::Model(_))).collect();
    assert_eq!(models, [&Edit::Model("outer".into()), &Edit::Model("inner".into())]);
    assert_eq!(seen.attempt().edits().len(), 4);
    assert_eq!(seen.target().unwrap().model, "inner");
    assert!(call.attempt().edits().is_empty());
}
