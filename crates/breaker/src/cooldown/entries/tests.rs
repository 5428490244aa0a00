//! What must hold whatever happens in whatever order.

use backstop_core::clock;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);
const KINDS: [Kind; 5] =
    [Kind::RateLimited, Kind::QuotaExhausted, Kind::Unauthorized, Kind::ModelNotFound, Kind::Server];

#[derive(Clone, Copy, Debug)]
enum Action {
    Begin { target: usize, turn: usize },
    End { which: usize, how: How },
    Pass(u64),
}

#[derive(Clone, Copy, Debug)]
enum How {
    Succeeds,
    Fails(Kind, Option<u64>),
    IsDropped,
}

fn action() -> impl Strategy<Value = Action> {
    let told = prop::option::of(0_u64..2_000);
    let how = prop_oneof![
        2 => Just(How::Succeeds),
        4 => (select(&KINDS[..]), told).prop_map(|(kind, told)| How::Fails(kind, told)),
        1 => Just(How::IsDropped),
    ];
    prop_oneof![
        4 => (0_usize..2, 0_usize..5).prop_map(|(target, turn)| Action::Begin { target, turn }),
        4 => (0_usize..9, how).prop_map(|(which, how)| Action::End { which, how }),
        2 => (0_u64..700).prop_map(Action::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_cools_is_left_alone_and_probed_by_one_call_at_a_time(actions in vec(action(), 0..120)) {
        // Two models that share two keys.
        let targets = ["m", "n"].map(|model| CooldownTarget::new("p", model, 2));
        let (config, mut entries, mut now) = (CooldownConfig::new(), Entries::default(), clock::now());
        let mut running: Vec<(usize, Instant, Pass)> = Vec::new();
        for action in actions {
            match action {
                Action::Pass(seconds) => now += Duration::from_secs(seconds),
                Action::Begin { target, turn } => {
                    let cools: Vec<_> = entries.list();
                    let until = |subject: &Subject| cools.iter().find(|cooling| cooling.subject == *subject);
                    match entries.choose(&targets[target], turn, PATIENCE, now) {
                        Ok(pass) => {
                            for subject in targets[target].subjects(pass.credential) {
                                let Some(cooling) = until(&subject) else { continue };
                                prop_assert!(cooling.until <= now, "{subject} cools");
                                let probed = running.iter().any(|(other, begun, pass)| {
                                    targets[*other].subjects(pass.credential).contains(&subject)
                                        && *begun >= cooling.until
                                        && now < *begun + PATIENCE
                                });
                                let is_probed = cooling.kind != Kind::RateLimited;
                                prop_assert!(!(is_probed && probed), "{subject} has two probes");
                            }
                            running.push((target, now, pass));
                        }
                        Err(blocked) => {
                            let wait = blocked.retry_after;
                            prop_assert!(wait > Duration::ZERO && wait <= retry_after::MAX, "{wait:?}");
                            // It holds its word, and no free key was passed over.
                            let mut later = entries.clone();
                            prop_assert!(later.choose(&targets[target], turn, PATIENCE, now + wait).is_ok());
                            for credential in 0..2 {
                                prop_assert!(entries.blocked(&targets[target], credential, now).is_some());
                            }
                        }
                    }
                }
                Action::End { which, how } => {
                    if running.is_empty() {
                        continue;
                    }
                    let (target, _, pass) = running.remove(which % running.len());
                    match how {
                        How::Succeeds => drop(entries.succeed(&targets[target], &pass)),
                        How::IsDropped => entries.release(&pass),
                        How::Fails(kind, told) => {
                            let class = Class::new(kind).retry_after(told.map(Duration::from_secs));
                            let cooling = entries.fail(&config, &targets[target], &pass, class, now);
                            prop_assert_eq!(cooling.is_some(), kind != Kind::Server);
                            let most = now + retry_after::MAX;
                            prop_assert!(cooling.is_none_or(|cooling| cooling.until <= most));
                        }
                    }
                }
            }
        }
    }
}
