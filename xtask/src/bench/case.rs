//! The cases that are measured.

use super::load::Ask;

/// One kind of request.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) ask: Ask,
    /// A pass is this many requests: enough for a second or more.
    pub(crate) requests: usize,
    /// What the gateway's figure is divided by.
    pub(crate) yardstick: Yardstick,
    /// What the ratio is meant to be at most, where we have said so.
    pub(crate) aim: Option<f64>,
}

/// What the gateway's figure is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Yardstick {
    /// The bare proxy's figure of the same case.
    BareProxy,
    /// The gateway's own figure of another case. Others are not measured: they cannot do this.
    Own(&'static str),
}

impl Case {
    /// The cases whose names contain one of `names`, with those that they are compared with. All, if there are no names.
    ///
    /// # Errors
    ///
    /// That there is no such case.
    pub(crate) fn named(names: &[&str]) -> Result<Vec<&'static Self>, String> {
        let wanted = |case: &Self| names.is_empty() || names.iter().any(|name| case.name.contains(name));
        let yardsticks: Vec<Yardstick> =
            CASES.iter().filter(|case| wanted(case)).map(|case| case.yardstick).collect();
        if yardsticks.is_empty() {
            let all: Vec<&str> = CASES.iter().map(|case| case.name).collect();
            return Err(format!("no case is called {names:?}; there are: {}", all.join("; ")));
        }
        let needed = |case: &Self| wanted(case) || yardsticks.contains(&Yardstick::Own(case.name));
        Ok(CASES.iter().filter(|case| needed(case)).collect())
    }
}

const CASES: &[Case] = &[
    Case {
        name: PASS_THROUGH,
        ask: Ask::whole("gpt-4.1-mini", 1 << 10),
        requests: 20_000,
        yardstick: Yardstick::BareProxy,
        aim: Some(1.9),
    },
    Case {
        name: "pass-through, 64 KiB prompt",
        ask: Ask::whole("gpt-4.1-mini", 64 << 10),
        requests: 6_000,
        yardstick: Yardstick::BareProxy,
        aim: Some(1.9),
    },
    Case {
        name: "pass-through, 1 MiB prompt",
        ask: Ask::whole("gpt-4.1-mini", 1 << 20),
        requests: 640,
        yardstick: Yardstick::BareProxy,
        aim: Some(1.9),
    },
    Case {
        name: STREAM,
        ask: Ask::stream("gpt-4.1-mini", 1 << 10),
        requests: 2_560,
        yardstick: Yardstick::BareProxy,
        aim: Some(1.25),
    },
    Case {
        name: "OpenAI to Anthropic, 1 KiB prompt",
        ask: Ask::whole("translated", 1 << 10),
        requests: 10_000,
        yardstick: Yardstick::Own(PASS_THROUGH),
        aim: Some(1.35),
    },
    Case {
        name: "OpenAI to Anthropic, stream of 100 events",
        ask: Ask::stream("translated", 1 << 10),
        requests: 2_560,
        yardstick: Yardstick::Own(STREAM),
        aim: Some(1.3),
    },
    Case {
        name: "fallback after an immediate 500",
        ask: Ask::whole("failing", 1 << 10),
        requests: 10_000,
        yardstick: Yardstick::Own(PASS_THROUGH),
        aim: Some(2.0),
    },
];

const PASS_THROUGH: &str = "pass-through, 1 KiB prompt";
const STREAM: &str = "stream of 100 events";
