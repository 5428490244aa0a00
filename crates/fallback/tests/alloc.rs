//! What fallback allocates for a call: a number that is stated, so that it does not grow unseen.

use allocation_counter::measure;
use backstop_core::{Answer, Call, Failure, Target};
use backstop_fallback::{Candidate, Fallback, FallbackConfig};
use backstop_test_support::{LeanProvider, run_lean, sample};
use http::{Request, Response};
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
fn the_order_of_the_targets() {
    let candidate = |name| Candidate::new(LeanProvider::new(100), Target::new("p", name));
    let chain =
        Fallback::new([candidate("a"), candidate("b")], FallbackConfig::new()).expect("two candidates");
    assert_eq!(of_a_call(chain, 100), 1);
}
