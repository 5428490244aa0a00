//! What commit allocates for a call: a number that is stated, so that it does not grow unseen.

use allocation_counter::measure;
use backstop_commit::{CommitConfig, CommitLayer, MidStream};
use backstop_core::{Answer, Call, Failure};
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
fn a_box_for_the_answer_and_a_list_of_what_is_held() {
    for tokens in [1, 100, 10_000] {
        assert_eq!(of_a_call(CommitLayer::default().layer(LeanProvider::new(tokens)), tokens), 2);
    }
}

#[test]
fn a_buffer_grows_by_doubling() {
    let buffer = CommitLayer::new(CommitConfig::new().with_mid_stream(MidStream::Buffer));
    // The box, and the list's capacities 4, 8, 16 … 128.
    assert_eq!(of_a_call(buffer.layer(LeanProvider::new(100)), 100), 7);
}
