//! What the clocks allocates for a call: a number that is stated, so that it does not grow unseen.

use allocation_counter::measure;
use backstop_core::{Answer, Call, Failure};
use backstop_test_support::{LeanProvider, run_lean, sample};
use backstop_timeout::{
    DeadlineLayer, FirstByteTimeoutLayer, FirstTokenTimeoutLayer, IdleTimeoutLayer, SilentTimeoutLayer,
    TotalTimeoutLayer,
};
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

/// All six, as a target has them.
macro_rules! clocks {
    ($inner:expr) => {
        DeadlineLayer::default().layer(
            TotalTimeoutLayer::default().layer(
                FirstTokenTimeoutLayer::default().layer(
                    FirstByteTimeoutLayer::default().layer(
                        IdleTimeoutLayer::default().layer(SilentTimeoutLayer::default().layer($inner)),
                    ),
                ),
            ),
        )
    };
}

#[test]
fn nothing_where_nothing_is_waited_for() {
    assert_eq!(of_a_call(clocks!(LeanProvider::new(100)), 100), 0);
}

#[tokio::test]
async fn nothing_where_every_event_is_waited_for() {
    // Timers live in the futures and bodies themselves, and are not made anew for each event.
    let (short, long) = (
        of_a_call(clocks!(LeanProvider::new(10).hesitating()), 10),
        of_a_call(clocks!(LeanProvider::new(1_000).hesitating()), 1_000),
    );
    assert_eq!((short, long), (0, 0));
}
