//! What the reader sees.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use backstop_core::Dialect;

use super::{
    act::{Act, Ends, Seen},
    outage::{DOWN, EVERY, Outage},
    stage::Stage,
    trails::Trails,
};

/// The table, row by row as things happen.
#[derive(Debug)]
pub(super) struct Table {
    rows: usize,
    wrong: usize,
}

impl Table {
    pub(super) fn begin(address: SocketAddr, stage: &Stage) -> Self {
        say(&format!("backstop listens on http://{address}"));
        say("\nThree simulated providers stand behind it:\n");
        for (name, provider) in
            [("openai", &stage.openai), ("anthropic", &stage.anthropic), ("local", &stage.local)]
        {
            say(&format!("  {name:<10} {}", provider.base_url()));
        }
        say(
            "\nThe chains `chat` and `careful` try them in this order; `careful` holds answers back until they are whole.",
        );
        say("They are broken one after another. Timeouts are 1 s here, to spare you the wait.\n");
        say(&format!(
            "{:>2}  {:<26} {:<36} {:<34} {:>8}",
            "#", "request", "what is broken", "the caller gets", "after"
        ));
        Self { rows: 0, wrong: 0 }
    }

    pub(super) fn row(&mut self, act: &Act, seen: &Seen) {
        self.rows += 1;
        let way = if act.streamed { "stream" } else { "whole" };
        let dialect = if act.caller == Dialect::AnthropicMessages { "anthropic" } else { "openai" };
        let request = format!("{dialect} {way}, {}", act.chain);
        let answered = &seen.answered;
        let got = match (&answered.error, answered.is_whole(), act.ends) {
            (None, true, _) => format!("the answer, from {}", answered.provider()),
            (Some(_), _, Ends::ErrorEvent) if seen.good => "its beginning, then an error event".to_owned(),
            (Some(_), _, Ends::Error(_)) if seen.good => format!("one clear error, {}", answered.status),
            (Some(error), ..) => format!("{}: {error}", answered.status),
            (None, false, _) => format!("{}: not the whole answer: {}", answered.status, answered.text),
        };
        let took = format!("{} ms", answered.took.as_millis());
        let mark = if seen.good { ' ' } else { '!' };
        say(&format!("{:>2}{mark} {request:<26} {:<36} {got:<34} {took:>8}", self.rows, act.broken));
        let steps = seen.trail.as_ref().map(|trail| trail.steps().join(" → "));
        say(&format!("      tried: {}", steps.unwrap_or_else(|| "(no log line came)".to_owned())));
        if let (Some(error), Ends::Error(_)) = (&answered.error, act.ends) {
            say(&format!("      error: {error}"));
        }
        self.wrong += usize::from(!seen.good);
    }

    pub(super) fn outage(&mut self, outage: &Outage) {
        self.rows += 1;
        let lost = outage.requests - outage.answered;
        let bounded = outage.calls_while_down * 2 < outage.requests;
        let good = lost == 0 && bounded && outage.back_after.is_some();
        let mark = if good { ' ' } else { '!' };
        say(&format!(
            "{:>2}{mark} openai is down for {} s and then well, a request every {} ms: {} of {} answered whole",
            self.rows,
            DOWN.as_secs(),
            EVERY.as_millis(),
            outage.answered,
            outage.requests
        ));
        let back = match outage.back_after {
            Some(after) => format!("used again {} ms after it recovered", after.as_millis()),
            None => "not used again".to_owned(),
        };
        say(&format!(
            "      openai was called {} times while it was down, and {back}",
            outage.calls_while_down
        ));
        self.wrong += usize::from(!good) + lost;
    }

    /// Says how it went. Gives how many requests did not end as they should.
    pub(super) fn end(self) -> usize {
        match self.wrong {
            0 => say("\nEvery caller got what it should."),
            wrong => say(&format!("\n{wrong} did not end as they should: see the rows marked `!`.")),
        }
        self.wrong
    }
}

/// How the reader can try it out.
pub(super) fn how_to_go_on(address: SocketAddr) {
    say(&format!(
        "
The gateway serves on, and the provider `openai` is down with 503: see who answers instead.

  curl -i http://{address}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{{\"model\": \"chat\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'

  OpenAI SDK:     OpenAI(base_url=\"http://{address}/v1\", api_key=\"any\")
  Anthropic SDK:  Anthropic(base_url=\"http://{address}\", api_key=\"any\")

The model is `chat` or `careful`. Ctrl-C ends it. Requests show up here:
"
    ));
}

/// One line for each request from now on.
pub(super) async fn requests(trails: &Trails) {
    let mut heard = trails.begin();
    while let Some(trail) = heard.next().await {
        say(&format!(
            "  {}: {} {} in {} ms, tried {}",
            trail.model,
            trail.status,
            trail.outcome,
            trail.duration_ms,
            trail.steps().join(" → ")
        ));
    }
}

fn say(line: &str) {
    // Nobody reading is no reason to stop.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
