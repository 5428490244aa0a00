//! What one call has used so far, and what that costs when it ends.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use backstop_core::{Call, Clock, Cost, Delta, Event, Failure, Kind, Origin, Refusal, Usage, Usd};

use crate::{CostConfig, CostObserver};

/// One call's bill. Settled once; at the latest when it is dropped.
pub(crate) struct Bill<O: CostObserver> {
    origin: Option<Arc<Origin>>,
    attempt: u32,
    config: Arc<CostConfig>,
    observer: Arc<O>,
    minute: u32,
    usage: Option<Usage>,
    /// Bytes of text, reasoning and arguments that came.
    seen: u64,
    finished: bool,
    /// Whether `usage` came with the finish or behind it: what came before is only so far.
    whole: bool,
    settled: bool,
}

impl<O: CostObserver> Bill<O> {
    pub(crate) fn new(call: Option<&Call>, config: Arc<CostConfig>, observer: Arc<O>) -> Self {
        Self {
            origin: call.map(|call| Arc::clone(call.origin())),
            attempt: call.map_or(0, |call| call.attempt().number()),
            config,
            observer,
            minute: minute_of_day(),
            usage: None,
            seen: 0,
            finished: false,
            whole: false,
            settled: false,
        }
    }

    /// The refusal of a call that would cost too much.
    pub(crate) fn refuse(&self) -> Option<Failure> {
        let most = self.config.max_cost?;
        let prompt = self.config.tariff.cost(&self.estimate(), self.minute).usd()?;
        (self.spent().plus(prompt) > most).then(|| {
            self.observer.over(most);
            Failure::refused(
                Refusal::Budget,
                format!("the prompt alone would cost ${prompt} here, and a request may cost ${most}"),
            )
        })
    }

    pub(crate) fn event(&mut self, event: &Event) {
        for delta in event.deltas() {
            match delta {
                Delta::Text { text, .. } | Delta::Reasoning { text, .. } | Delta::Refusal { text, .. } => {
                    self.seen += text.len() as u64;
                }
                Delta::ToolCallArguments { fragment, .. } => self.seen += fragment.len() as u64,
                Delta::Finish { .. } => self.finished = true,
                Delta::Usage(usage) => {
                    self.usage = Some(usage.clone());
                    self.whole = false;
                }
                _ => {}
            }
        }
        self.whole |= self.finished && event.usage().is_some();
        if event.deltas().contains(&Delta::End) {
            self.end();
        }
    }

    /// The failure of a stream that has come to cost too much.
    pub(crate) fn over(&mut self) -> Option<Failure> {
        let most = self.config.max_cost.filter(|_| self.config.end_stream && !self.finished)?;
        let so_far = self.config.tariff.cost(&self.estimate(), self.minute).usd()?;
        if self.spent().plus(so_far) <= most {
            return None;
        }
        self.observer.over(most);
        self.breaks_off();
        Some(Failure::refused(
            Refusal::Budget,
            format!("the answer was ended because the request has come to cost more than ${most}"),
        ))
    }

    /// The answer came to its end.
    pub(crate) fn end(&mut self) {
        let usage = self.usage.take().unwrap_or_else(|| self.estimate());
        self.settle(Some(usage));
    }

    /// The answer died, was dropped, or was ended.
    pub(crate) fn breaks_off(&mut self) {
        let usage = if self.whole { self.usage.take() } else { None };
        let usage = usage.unwrap_or_else(|| self.estimate());
        self.settle(Some(usage));
    }

    /// There is no answer. What a provider refuses, or never got, it does not bill; what died on the way may have cost
    /// the prompt.
    pub(crate) fn fail_before_head(&mut self, failure: &Failure) {
        let bad_status = failure.provider_status().is_some_and(|status| !status.is_success());
        match failure.kind() {
            Kind::Timeout(clock) if clock != Clock::Connect => self.breaks_off(),
            Kind::Malformed if !bad_status => self.breaks_off(),
            _ => {
                let nothing = Usage { estimated: failure.kind() == Kind::Transport, ..Usage::default() };
                let cost =
                    if nothing.estimated { Cost::Estimated(Usd::ZERO) } else { Cost::Known(Usd::ZERO) };
                self.tell(None, cost);
            }
        }
    }

    /// What was used as far as we can tell: the provider's figures so far, or a quarter of the bytes.
    fn estimate(&self) -> Usage {
        let mut usage = self.usage.clone().unwrap_or_default();
        if usage.total_input() == 0 {
            usage.input = self.origin.as_ref().map_or(0, |origin| origin.peek().prompt_tokens);
        }
        let missing = self.seen.div_ceil(BYTES_A_TOKEN).saturating_sub(usage.total_output());
        usage.output += missing;
        usage.estimated = true;
        usage.native = None;
        usage
    }

    fn settle(&mut self, usage: Option<Usage>) {
        let cost = usage.as_ref().map_or(Cost::Unknown, |usage| self.config.tariff.cost(usage, self.minute));
        self.tell(usage, cost);
    }

    fn tell(&mut self, usage: Option<Usage>, cost: Cost) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        self.observer.settled(usage.as_ref(), cost);
        if let Some(origin) = &self.origin {
            origin.trail().update(self.attempt, |step| {
                step.cost = cost;
                step.usage = usage;
            });
        }
    }

    /// What the request's other attempts have cost, as far as known.
    fn spent(&self) -> Usd {
        let Some(origin) = &self.origin else { return Usd::ZERO };
        let steps = origin.trail().steps();
        steps.iter().filter(|step| step.number != self.attempt).filter_map(|step| step.cost.usd()).sum()
    }
}

impl<O: CostObserver> Drop for Bill<O> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaks_off();
        }
    }
}

fn minute_of_day() -> u32 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    u32::try_from(seconds / 60 % (24 * 60)).unwrap_or(0)
}

/// The usual quarter: about four bytes of English a token (OpenAI's help centre, "What are tokens").
const BYTES_A_TOKEN: u64 = 4;
