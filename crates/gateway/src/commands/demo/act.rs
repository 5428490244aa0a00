//! What is broken, who asks, and how it should end.

use std::{net::SocketAddr, time::Duration};

use backstop_core::Dialect;
use backstop_simulator::{Answer, ApiError, Behaviour, Death, Fault, Script};

use super::{
    super::CommandError,
    caller::{self, Answered},
    stage::Stage,
    trails::{Trail, Trails},
};

use Breaks::{All, Always, Closed, Nothing, Once, Two};
use Dialect::{AnthropicMessages as Anthropic, OpenaiChat as Openai};
use Ends::{AnswerOf, Error, ErrorEvent};

/// One request while something is broken.
pub(super) struct Act {
    /// What is broken, in words.
    pub(super) broken: &'static str,
    /// The dialect that the caller speaks.
    pub(super) caller: Dialect,
    pub(super) streamed: bool,
    pub(super) chain: &'static str,
    pub(super) ends: Ends,
    breaks: Breaks,
}

enum Breaks {
    Nothing,
    /// `openai` does this once.
    Once(fn() -> Behaviour),
    /// `openai` does this with every request.
    Always(fn() -> Behaviour),
    /// Nobody listens at `openai`.
    Closed,
    /// `openai` and `anthropic` do this with every request.
    Two(fn() -> Behaviour),
    /// All three do.
    All(fn() -> Behaviour),
}

/// How a request should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// With the whole answer, from this provider.
    AnswerOf(&'static str),
    /// With an error event after some text: what is committed cannot be taken back.
    ErrorEvent,
    /// With one error of this status.
    Error(u16),
}

/// What the caller saw of it, and what was tried.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) answered: Answered,
    pub(super) trail: Option<Trail>,
    /// Whether it ended as it should.
    pub(super) good: bool,
}

impl Act {
    pub(super) async fn play(
        &self,
        stage: &Stage,
        trails: &Trails,
        address: SocketAddr,
    ) -> Result<Seen, CommandError> {
        let (openai, anthropic, local) =
            (&stage.openai.simulator, &stage.anthropic.simulator, &stage.local.simulator);
        match self.breaks {
            Nothing => {}
            Once(fault) => openai.script("gpt-4.1-mini", Script::new([fault()])),
            Always(fault) => openai.down(fault()),
            Closed => {
                stage.openai.close().await.map_err(|error| CommandError::outside(error.to_string()))?;
            }
            Two(fault) => [openai, anthropic].iter().for_each(|provider| provider.down(fault())),
            All(fault) => [openai, anthropic, local].iter().for_each(|provider| provider.down(fault())),
        }
        let mut heard = trails.begin();
        let answered = caller::ask(address, self.caller, self.streamed, self.chain).await;
        let trail = heard.of(&answered.id).await;
        let good = self.is_good(&answered) && trail.is_some();
        Ok(Seen { answered, trail, good })
    }

    fn is_good(&self, answered: &Answered) -> bool {
        match self.ends {
            AnswerOf(provider) => answered.is_whole() && answered.target.split('/').next() == Some(provider),
            ErrorEvent => {
                answered.status == 200
                    && !answered.text.is_empty()
                    && answered.error.is_some()
                    && !answered.finished
            }
            Error(status) => {
                answered.status == status && answered.error.is_some() && answered.text.is_empty()
            }
        }
    }
}

const fn act(
    broken: &'static str,
    caller: Dialect,
    streamed: bool,
    chain: &'static str,
    breaks: Breaks,
    ends: Ends,
) -> Act {
    Act { broken, caller, streamed, chain, ends, breaks }
}

fn dies() -> Behaviour {
    Behaviour::from(Answer::tokens(60)).with(Fault::dies(40, Death::Reset))
}

/// Everything that is played, in order. The rows of an outage come after it.
pub(super) const ACTS: &[Act] = &[
    act("nothing", Openai, false, "chat", Nothing, AnswerOf("openai")),
    act("nothing", Anthropic, true, "chat", Nothing, AnswerOf("openai")),
    act(
        "openai: 429 once, Retry-After 1 s",
        Openai,
        true,
        "chat",
        Once(|| Behaviour::from([Fault::status(429), Fault::retry_after(Duration::from_secs(1))])),
        AnswerOf("openai"),
    ),
    act(
        "openai: 429, always",
        Anthropic,
        false,
        "chat",
        Always(|| Fault::status(429).into()),
        AnswerOf("anthropic"),
    ),
    act("openai: 500 once", Openai, false, "chat", Once(|| Fault::status(500).into()), AnswerOf("openai")),
    act(
        "openai: 503, always",
        Openai,
        true,
        "chat",
        Always(|| Fault::status(503).into()),
        AnswerOf("anthropic"),
    ),
    act("openai: refuses connections", Openai, false, "chat", Closed, AnswerOf("anthropic")),
    act(
        "openai: resets connections",
        Anthropic,
        true,
        "chat",
        Always(|| Fault::reset().into()),
        AnswerOf("anthropic"),
    ),
    act(
        "openai: never answers",
        Openai,
        true,
        "chat",
        Always(|| Fault::no_answer().into()),
        AnswerOf("anthropic"),
    ),
    act(
        "openai: a 200, then silence",
        Anthropic,
        true,
        "chat",
        Always(|| Fault::silent(0).into()),
        AnswerOf("anthropic"),
    ),
    act(
        "openai: a 200 with HTML",
        Openai,
        false,
        "chat",
        Always(|| Fault::html().into()),
        AnswerOf("anthropic"),
    ),
    act(
        "openai: a 200, then an error event",
        Openai,
        true,
        "chat",
        Always(|| Fault::error_event(0).into()),
        AnswerOf("anthropic"),
    ),
    act(
        "openai: half a body, then closed",
        Openai,
        false,
        "chat",
        Always(|| Fault::cut_body(backstop_simulator::Cut::Length).into()),
        AnswerOf("anthropic"),
    ),
    act(
        "openai: 401, key revoked",
        Openai,
        false,
        "chat",
        Always(|| Fault::status(401).into()),
        AnswerOf("anthropic"),
    ),
    act(
        "openai: out of money",
        Anthropic,
        false,
        "chat",
        Always(|| Fault::error(ApiError::Quota).into()),
        AnswerOf("anthropic"),
    ),
    act(
        "openai: 404, no such model",
        Openai,
        true,
        "chat",
        Always(|| Fault::status(404).into()),
        AnswerOf("anthropic"),
    ),
    act("openai: dies after 40 of 60 tokens", Openai, true, "careful", Always(dies), AnswerOf("anthropic")),
    act("openai: dies after 40 of 60 tokens", Anthropic, true, "chat", Always(dies), ErrorEvent),
    act(
        "openai and anthropic: 503",
        Openai,
        true,
        "chat",
        Two(|| Fault::status(503).into()),
        AnswerOf("local"),
    ),
    act(
        "openai and anthropic: 503",
        Anthropic,
        false,
        "chat",
        Two(|| Fault::status(503).into()),
        AnswerOf("local"),
    ),
    act("all three: 503", Openai, false, "chat", All(|| Fault::status(503).into()), Error(503)),
    act("all three: 503", Anthropic, true, "chat", All(|| Fault::status(503).into()), Error(503)),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(provider: &str) -> Answered {
        let (text, target) = (caller::PROMPT.to_owned(), format!("{provider}/model"));
        Answered { status: 200, text, target, finished: true, ..Answered::default() }
    }

    #[test]
    fn what_should_not_have_happened_is_not_good() {
        let wants = |ends| act("", Openai, false, "chat", Nothing, ends);
        let answer = wants(AnswerOf("anthropic"));
        assert!(answer.is_good(&whole("anthropic")));
        assert!(!answer.is_good(&whole("openai")), "somebody else's");
        let cut = Answered { text: "Ahoy!".to_owned(), ..whole("anthropic") };
        assert!(!answer.is_good(&cut), "cut off, though it says that it has finished");
        assert!(
            !answer.is_good(&Answered { finished: false, ..whole("anthropic") }),
            "an end without a reason"
        );
        let failed = Answered { status: 503, error: Some("no".to_owned()), ..Answered::default() };
        assert!(!answer.is_good(&failed));
        assert!(wants(Error(503)).is_good(&failed) && !wants(Error(502)).is_good(&failed));
        assert!(!wants(ErrorEvent).is_good(&cut), "an unmarked end");
        let marked = Answered { error: Some("died".to_owned()), finished: false, ..cut };
        assert!(wants(ErrorEvent).is_good(&marked));
    }
}
