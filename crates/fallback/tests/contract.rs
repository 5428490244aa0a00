//! The contract of every layer, for a chain: its first target must be called by the rules, and so must the next.

use backstop_core::{BoxError, Failure, Refusal, Target, classify::PlainHttp};
use backstop_fallback::{Candidate, Fallback, FallbackConfig};
use backstop_test_support::{Script, Step, contract};

fn target(name: &str) -> Target {
    Target::new("p", name)
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_one_keeps_the_contract() {
    contract::check(|script| {
        Fallback::new([Candidate::new(script, target("a"))], FallbackConfig::new()).expect("one candidate")
    })
    .await;
    contract::check_plain(|script| {
        let chain = [Candidate::new(script, target("a"))];
        Fallback::with(chain, FallbackConfig::new(), PlainHttp::new(), ()).expect("one candidate")
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn so_does_one_that_has_fallen_over() {
    // A refusal is of a lower rank than any failure, so that the last word is the second target's.
    let down = || Step::fail(Failure::refused(Refusal::BreakerOpen, "open"));
    contract::check(|script| {
        let chain =
            [Candidate::new(Script::repeat(down()), target("a")), Candidate::new(script, target("b"))];
        Fallback::new(chain, FallbackConfig::new()).expect("two candidates")
    })
    .await;
    contract::check_plain(|script| {
        let down: Script<BoxError> = Script::repeat(down());
        let chain = [Candidate::new(down, target("a")), Candidate::new(script, target("b"))];
        Fallback::with(chain, FallbackConfig::new(), PlainHttp::new(), ()).expect("two candidates")
    })
    .await;
}
