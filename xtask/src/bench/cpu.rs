//! CPU time a request.

use super::{
    Stage,
    case::{Case, Yardstick},
    figure::{Figure, Figures},
    subject::{BACKSTOP, Subject},
};
use crate::step;

/// Has every subject take every case, again and again.
///
/// # Errors
///
/// What went wrong.
pub(crate) fn measure(stage: &Stage, subjects: &[Subject], cases: &[&Case]) -> Result<Figures, String> {
    let mut figures = Figures::default();
    for pass in 1..=PASSES {
        for case in cases {
            for subject in subjects {
                let own = subject.name == BACKSTOP;
                if own || case.yardstick == Yardstick::BareProxy {
                    let spent =
                        spent(stage, subject, case).map_err(|error| format!("{}: {error}", case.name))?;
                    step::say(&format!("pass {pass}, {}, {}: {spent:.1} µs", case.name, subject.name));
                    figures.add(case.name, subject.name, spent);
                }
            }
        }
    }
    for case in cases {
        let yardstick = match case.yardstick {
            Yardstick::BareProxy => Figure::key(case.name, super::subject::BARE),
            Yardstick::Own(other) => Figure::key(other, BACKSTOP),
        };
        figures.compare(case.name, yardstick, case.aim.map(|aim| (BACKSTOP, aim)));
    }
    Ok(figures)
}

/// Microseconds of CPU a request.
fn spent(stage: &Stage, subject: &Subject, case: &Case) -> Result<f64, String> {
    // Connections and pools are warm when the clock starts.
    case.ask.closed_loop(stage, subject.address, case.requests / 10)?;
    let before = subject.process.cpu_nanoseconds()?;
    let load = case.ask.closed_loop(stage, subject.address, case.requests)?;
    let spent = subject.process.cpu_nanoseconds()? - before;
    Ok(spent as f64 / load.requests as f64 / 1000.0)
}

/// Odd, so that a median is a measured value.
const PASSES: usize = 3;
