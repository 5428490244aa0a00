//! What happens between the events of an answer.

use std::time::Duration;

use super::{Asides, Step};
use crate::{
    error::How,
    fault::{Death, Fault, Kind},
    reply::{Event, Mark},
};

/// The events of an answer with what `faults` do to their sequence and times.
///
/// Faults that change what is there go first and those that say when it comes last, whatever their order.
pub(super) fn steps(
    mut steps: Vec<Step<Event>>,
    faults: &[Fault],
    asides: &Asides,
    stream: bool,
) -> Vec<Step<Event>> {
    for fault in faults {
        change(&mut steps, &fault.0, &asides.error);
    }
    for fault in faults {
        match fault.0 {
            Kind::FirstTokenAfter(time) => {
                let first = first_token(&steps);
                steps.insert(first, Step::Wait(time));
            }
            Kind::TokenEvery(time) => pace(&mut steps, time),
            _ => {}
        }
    }
    for fault in faults {
        match fault.0 {
            Kind::BodyAfter(time) => steps.insert(0, Step::Wait(time)),
            Kind::NeverEnds => steps.push(Step::Silence),
            _ => {}
        }
    }
    for fault in faults {
        if let Kind::Pings { every } = fault.0
            && stream
        {
            steps = pinged(steps, every, &asides.ping);
        }
    }
    steps
}

/// Breaks every wait and silence up by pings.
fn pinged(steps: Vec<Step<Event>>, every: Duration, ping: &Event) -> Vec<Step<Event>> {
    let mut pinged = Vec::new();
    for step in steps {
        match step {
            Step::Wait(mut left) if !every.is_zero() => {
                while left > every {
                    pinged.extend([Step::Wait(every), Step::Send(ping.clone())]);
                    left -= every;
                }
                pinged.push(Step::Wait(left));
            }
            Step::Silence => pinged.extend([Step::Wait(every), Step::Forever(ping.clone(), every)]),
            step => pinged.push(step),
        }
    }
    pinged
}

fn change(steps: &mut Vec<Step<Event>>, kind: &Kind, error: &Event) {
    match kind {
        Kind::BreakEvent { at } => {
            if let Some(Step::Send(event)) = steps.iter_mut().filter(|step| is_token(step)).nth(index(*at)) {
                break_json(event);
            }
        }
        Kind::NoSentinel => steps.retain(|step| !has_mark(step, Mark::Sentinel)),
        Kind::ErrorEvent { after } => {
            keep(steps, *after);
            steps.push(Step::Send(error.clone()));
        }
        Kind::Dies { after, how } => {
            keep(steps, *after);
            match how {
                Death::CleanEnd => {}
                Death::Closed => steps.extend([Step::Flush, Step::Break(How::Truncated)]),
                Death::Reset => steps.extend([Step::Flush, Step::Break(How::Reset)]),
            }
        }
        Kind::Silent { after } => {
            keep(steps, *after);
            steps.push(Step::Silence);
        }
        Kind::RepeatForever { every } => {
            let first = first_token(steps);
            if let Some(Step::Send(event)) = steps.get(first).filter(|step| is_token(step)).cloned() {
                steps.truncate(first);
                steps.push(Step::Forever(event, *every));
            }
        }
        _ => {}
    }
}

/// Keeps what comes up to and with the `count`th token, or half of a body that is no stream.
fn keep(steps: &mut Vec<Step<Event>>, count: u64) {
    if let [Step::Send(event)] = steps.as_mut_slice()
        && event.mark == Mark::Whole
    {
        let mut half = event.data.len() / 2;
        while !event.data.is_char_boundary(half) {
            half -= 1;
        }
        event.data.truncate(half);
        (event.tokens, event.told) = (0, None);
        return;
    }
    let end = match index(count).checked_sub(1) {
        None => Some(first_token(steps)),
        Some(nth) => {
            let mut tokens = steps.iter().enumerate().filter(|(_, step)| is_token(step));
            tokens.nth(nth).map(|(at, _)| at + 1)
        }
    };
    // Fewer tokens than that: what follows the last of them goes all the same.
    let last = || steps.iter().rposition(is_token).map_or_else(|| first_token(steps), |at| at + 1);
    let end = end.unwrap_or_else(last);
    steps.truncate(end);
}

/// Where the first token stands; without one, where what closes the answer does.
fn first_token(steps: &[Step<Event>]) -> usize {
    let first = steps.iter().position(is_token);
    first.or_else(|| steps.iter().position(|step| !has_mark(step, Mark::Lead))).unwrap_or(steps.len())
}

fn pace(steps: &mut Vec<Step<Event>>, time: Duration) {
    let mut first = true;
    *steps = std::mem::take(steps).into_iter().fold(Vec::new(), |mut paced, step| {
        if is_token(&step) && !std::mem::take(&mut first) {
            paced.push(Step::Wait(time));
        }
        paced.push(step);
        paced
    });
}

/// Cuts the JSON of an event off before its end.
fn break_json(event: &mut Event) {
    let mut end = event.data.len() * 2 / 3;
    while !event.data.is_char_boundary(end) {
        end -= 1;
    }
    event.data.truncate(end);
}

fn has_mark(step: &Step<Event>, mark: Mark) -> bool {
    matches!(step, Step::Send(event) if event.mark == mark)
}

fn is_token(step: &Step<Event>) -> bool {
    has_mark(step, Mark::Token)
}

fn index(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
