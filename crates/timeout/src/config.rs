use std::time::{Duration, Instant};

use backstop_core::Call;

/// All clocks of one target, and of a whole request.
///
/// The defaults depend on the call: on whether it streams, how long its prompt is, how much it may generate, and
/// whether it reasons before it speaks; and on what is known of the target. A limit that is set outright holds for every
/// call that its clock applies to, whatever the call is like; `Duration::MAX` switches a clock off.
///
/// ```
/// use std::time::Duration;
///
/// use backstop_core::Peek;
/// use backstop_test_support::sample;
/// use backstop_timeout::Timeouts;
///
/// let call = sample::call(Peek { stream: true, prompt_tokens: 30_000, ..sample::peek() });
/// assert_eq!(Timeouts::new().first_token(Some(&call)), Some(Duration::from_secs(15)));
/// assert_eq!(Timeouts::new().with_reasoning(true).first_token(Some(&call)), Some(Duration::from_secs(120)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    first_byte: Option<Duration>,
    first_token: Option<Duration>,
    silent: Option<Duration>,
    idle: Option<Duration>,
    total: Option<Duration>,
    deadline: Option<Duration>,
    reasoning: bool,
    local: bool,
    max_output: Option<u64>,
}

impl Timeouts {
    /// The defaults, for a hosted model that does not reason.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            first_byte: None,
            first_token: None,
            silent: None,
            idle: None,
            total: None,
            deadline: None,
            reasoning: false,
            local: false,
            max_output: None,
        }
    }

    /// Says whether the model reasons before it speaks, whatever the call asks for. Default `false`.
    #[must_use]
    pub const fn with_reasoning(mut self, reasoning: bool) -> Self {
        self.reasoning = reasoning;
        self
    }

    /// Says whether the provider is a local server (Ollama, LM Studio, llama.cpp, vLLM), which may have to load the
    /// model first, and sends its head with the first token. Default `false`.
    #[must_use]
    pub const fn with_local(mut self, local: bool) -> Self {
        self.local = local;
        self
    }

    /// Says how many tokens the model can generate at most, for calls that set no limit. Default 4,096.
    #[must_use]
    pub const fn with_max_output(mut self, tokens: Option<u64>) -> Self {
        self.max_output = tokens;
        self
    }

    /// Sets the time to the response head. `None`, the default: 15 s; of a local server, the time to the first token.
    #[must_use]
    pub const fn with_first_byte(mut self, limit: Option<Duration>) -> Self {
        self.first_byte = limit;
        self
    }

    /// Sets the time to the first token. `None`, the default: 12 s and 1 s for every 10,000 tokens of the prompt; at
    /// least 120 s where the model or the call reasons, and of a local server.
    #[must_use]
    pub const fn with_first_token(mut self, limit: Option<Duration>) -> Self {
        self.first_token = limit;
        self
    }

    /// Sets the time without any byte. `None`, the default: 20 s; before the first token of a model that reasons or is
    /// local, as long as the first token may take.
    #[must_use]
    pub const fn with_silent(mut self, limit: Option<Duration>) -> Self {
        self.silent = limit;
        self
    }

    /// Sets the time without a semantic event. `None`, the default: 90 s; 300 s where the model or the call reasons.
    #[must_use]
    pub const fn with_idle(mut self, limit: Option<Duration>) -> Self {
        self.idle = limit;
        self
    }

    /// Sets the time of a whole, unstreamed attempt. `None`, the default: 30 s and 1 s for every 30 tokens that may be
    /// generated, 5 min where the model or the call reasons; at most half of what remains of the deadline.
    #[must_use]
    pub const fn with_total(mut self, limit: Option<Duration>) -> Self {
        self.total = limit;
        self
    }

    /// Sets the time of a whole request, all attempts together. `None`, the default: 10 min.
    #[must_use]
    pub const fn with_deadline(mut self, limit: Option<Duration>) -> Self {
        self.deadline = limit;
        self
    }

    /// How long to wait for the response head: `None` for a call that does not stream, whose head comes with the answer.
    #[must_use]
    pub fn first_byte(&self, call: Option<&Call>) -> Option<Duration> {
        let default = || match call {
            Some(call) if self.local => self.token_allowance(call),
            _ => FIRST_BYTE,
        };
        streams(call).then(|| self.first_byte.unwrap_or_else(default))
    }

    /// How long to wait for the first token: `None` for whatever is not a call that streams.
    #[must_use]
    pub fn first_token(&self, call: Option<&Call>) -> Option<Duration> {
        let call = call.filter(|call| call.origin().peek().stream)?;
        Some(self.first_token.unwrap_or_else(|| self.token_allowance(call)))
    }

    /// How long to bear a body without a byte, first up to the first token, then behind it: `None` for a call that does
    /// not stream.
    #[must_use]
    pub fn silent(&self, call: Option<&Call>) -> Option<(Duration, Duration)> {
        let default = || match call {
            Some(call) if self.reasons(call) || self.local => {
                let allowance = self.first_token.unwrap_or_else(|| self.token_allowance(call));
                (allowance.max(SILENT), SILENT)
            }
            _ => (SILENT, SILENT),
        };
        streams(call).then(|| self.silent.map_or_else(default, |limit| (limit, limit)))
    }

    /// How long to bear a body without a semantic event: `None` for a call that does not stream.
    #[must_use]
    pub fn idle(&self, call: Option<&Call>) -> Option<Duration> {
        let reasons = call.is_some_and(|call| self.reasons(call));
        streams(call).then(|| self.idle.unwrap_or(if reasons { IDLE_REASONING } else { IDLE }))
    }

    /// How long a whole attempt may take: `None` for a call that streams. For what is no call, only where it was set.
    #[must_use]
    pub fn total(&self, call: Option<&Call>, now: Instant) -> Option<Duration> {
        let Some(call) = call else { return self.total };
        if call.origin().peek().stream {
            return None;
        }
        let default = || {
            let tokens = call.origin().peek().max_tokens.or(self.max_output).unwrap_or(MAX_OUTPUT);
            let limit = if self.reasons(call) {
                TOTAL_REASONING
            } else {
                TOTAL.saturating_add(Duration::from_secs_f64(
                    tokens.min(u64::from(u32::MAX)) as f64 / TOKENS_PER_SECOND,
                ))
            };
            let half = call.deadline().map(|deadline| deadline.saturating_duration_since(now) / 2);
            half.map_or(limit, |half| limit.min(half))
        };
        Some(self.total.unwrap_or_else(default))
    }

    /// How long a whole request may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline.unwrap_or(DEADLINE)
    }

    fn token_allowance(&self, call: &Call) -> Duration {
        let prompt = call.origin().peek().prompt_tokens.min(u64::from(u32::MAX));
        let limit = FIRST_TOKEN + Duration::from_secs_f64(prompt as f64 / PROMPT_TOKENS_PER_SECOND);
        if self.reasons(call) || self.local { limit.max(FIRST_TOKEN_REASONING) } else { limit }
    }

    fn reasons(&self, call: &Call) -> bool {
        self.reasoning || call.origin().peek().reasoning
    }
}

/// Whether the clocks of streams apply: not to a call that wants a whole answer. Of what is no call, nobody knows, so
/// whoever puts the layer there means it.
fn streams(call: Option<&Call>) -> bool {
    call.is_none_or(|call| call.origin().peek().stream)
}

const FIRST_BYTE: Duration = Duration::from_secs(15);
const FIRST_TOKEN: Duration = Duration::from_secs(12);
const FIRST_TOKEN_REASONING: Duration = Duration::from_secs(120);
const PROMPT_TOKENS_PER_SECOND: f64 = 10_000.0;
const SILENT: Duration = Duration::from_secs(20);
const IDLE: Duration = Duration::from_secs(90);
const IDLE_REASONING: Duration = Duration::from_secs(300);
const TOTAL: Duration = Duration::from_secs(30);
const TOTAL_REASONING: Duration = Duration::from_secs(300);
const TOKENS_PER_SECOND: f64 = 30.0;
const MAX_OUTPUT: u64 = 4_096;
const DEADLINE: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use backstop_core::{Peek, clock};
    use backstop_test_support::sample;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn the_defaults_of_a_streamed_call() {
        let (timeouts, call) = (Timeouts::new(), sample::streamed());
        let call = Some(&call);
        assert_eq!(timeouts.first_byte(call), Some(seconds(15)));
        assert_eq!(timeouts.first_token(call), Some(Duration::from_millis(12_002)));
        assert_eq!(timeouts.silent(call), Some((seconds(20), seconds(20))));
        assert_eq!(timeouts.idle(call), Some(seconds(90)));
        assert_eq!(timeouts.total(call, clock::now()), None);
        assert_eq!(timeouts.deadline(), seconds(600));
    }

    #[tokio::test(start_paused = true)]
    async fn who_reasons_may_take_longer() {
        let asked = sample::call(Peek { stream: true, reasoning: true, ..sample::peek() });
        for (timeouts, call) in
            [(Timeouts::new(), asked), (Timeouts::new().with_reasoning(true), sample::streamed())]
        {
            let call = Some(&call);
            assert_eq!(timeouts.first_byte(call), Some(seconds(15)));
            assert_eq!(timeouts.first_token(call), Some(seconds(120)));
            assert_eq!(timeouts.silent(call), Some((seconds(120), seconds(20))));
            assert_eq!(timeouts.idle(call), Some(seconds(300)));
        }
        let (local, call) = (Timeouts::new().with_local(true), sample::streamed());
        let call = Some(&call);
        assert_eq!(
            (local.first_byte(call), local.first_token(call)),
            (Some(seconds(120)), Some(seconds(120)))
        );
        assert_eq!(
            (local.silent(call), local.idle(call)),
            (Some((seconds(120), seconds(20))), Some(seconds(90)))
        );
        let long = sample::call(Peek { stream: true, prompt_tokens: 2_000_000, ..sample::peek() });
        assert_eq!(local.first_token(Some(&long)), Some(seconds(212)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_answer_has_one_clock() {
        let (timeouts, call, now) = (Timeouts::new(), sample::unstreamed(), clock::now());
        let call = Some(&call);
        assert_eq!((timeouts.first_byte(call), timeouts.first_token(call)), (None, None));
        assert_eq!((timeouts.silent(call), timeouts.idle(call)), (None, None));

        let limited = |max_tokens| sample::call(Peek { max_tokens, ..sample::peek() });
        assert_eq!(timeouts.total(Some(&limited(Some(300))), now), Some(seconds(40)));
        assert_eq!(timeouts.with_max_output(Some(600)).total(call, now), Some(seconds(50)));
        assert_eq!(timeouts.total(call, now), Some(Duration::from_secs_f64(30.0 + 4096.0 / 30.0)));
        let mut late = limited(Some(u64::MAX));
        late.attempt_mut().tighten_deadline(now + seconds(100));
        assert_eq!(timeouts.total(Some(&late), now + seconds(20)), Some(seconds(40)));
        assert_eq!(timeouts.with_reasoning(true).total(call, now), Some(seconds(300)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_set_goes_first() {
        let (set, now) = (Some(seconds(7)), clock::now());
        let timeouts = Timeouts::new()
            .with_reasoning(true)
            .with_first_byte(set)
            .with_first_token(set)
            .with_silent(set)
            .with_idle(set)
            .with_total(set)
            .with_deadline(set);
        let (streamed, unstreamed) = (sample::streamed(), sample::unstreamed());
        let call = Some(&streamed);
        assert_eq!((timeouts.first_byte(call), timeouts.first_token(call)), (set, set));
        assert_eq!((timeouts.silent(call), timeouts.idle(call)), (Some((seconds(7), seconds(7))), set));
        assert_eq!((timeouts.total(Some(&unstreamed), now), timeouts.deadline()), (set, seconds(7)));
        assert_eq!((timeouts.first_token(None), timeouts.total(None, now)), (None, set));
    }
}
