//! What adapt allocates for a call: a number that is stated, so that it does not grow unseen.

use allocation_counter::measure;
use backstop_adapt::{AdaptConfig, AdaptLayer};
use backstop_core::{Answer, Call, Failure, Target};
use backstop_test_support::{LeanProvider, run_lean, sample};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

/// Allocations of a call with `tokens` events, once what is made lazily has been made.
fn of_a_call<S, A>(mut service: S, tokens: u32) -> u64
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure>,
    A: Answer,
{
    let (first, request) = (sample::request(sample::streamed()), sample::request(sample::streamed()));
    run_lean(&mut service, first);
    let allocations = measure(|| assert_eq!(run_lean(&mut service, request), tokens as usize + 1));
    allocations.count_total
}

#[test]
fn nothing() {
    let layer = AdaptLayer::new(AdaptConfig::new(Target::new("openai", "gpt-4.1-mini")));
    assert_eq!(of_a_call(LeanProvider::new(100), 100), 0, "the provider of this test");
    assert_eq!(of_a_call(layer.layer(LeanProvider::new(100)), 100), 0);
}
