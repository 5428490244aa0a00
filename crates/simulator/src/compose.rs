//! From what is asked to what is answered.

use serde_json::Value;

use crate::{
    answer::{Answer, Content},
    ask::{Ask, Choice, Format, Reasoning, Tool},
    ids::Ids,
    marks::{Mark, Marks},
    reply::{Part, Reply, Stop},
    schema, tokens,
    usage::Usage,
};

/// What `answer` comes to for `ask`.
pub(crate) fn compose(answer: &Answer, ask: &Ask, ids: Ids, created: u64) -> Reply {
    let marks = match answer.content {
        Content::Auto => Marks::of(&ask.prompt),
        _ => Marks::default(),
    };
    let (mut parts, mut stop) = content(&answer.content, &marks, ask, ids);
    let thinks = ask.reasoning != Reasoning::Off || answer.reasoning.is_some() || marks.has(&Mark::Think);
    if thinks {
        let reasoning = answer.reasoning.clone().unwrap_or_else(|| THOUGHT.to_owned());
        parts.insert(0, Part::Reasoning(reasoning));
    }
    continue_prefill(&mut parts, ask);
    cut_at_stop(&mut parts, &mut stop, &ask.stops);
    cut_at_limit(&mut parts, &mut stop, ask.max_tokens);
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    let cache_read = answer.cache_read.min(ask.prompt_tokens);
    let reasoning: u64 = parts.iter().filter(|part| matches!(part, Part::Reasoning(_))).map(tokens_of).sum();
    let said: u64 = parts.iter().filter(|part| !matches!(part, Part::Reasoning(_))).map(tokens_of).sum();
    let answers = ask.answers.max(1);
    let usage = Usage {
        input: ask.prompt_tokens,
        cache_read,
        cache_write: answer.cache_write.min(ask.prompt_tokens - cache_read),
        output: (reasoning + said) * answers,
        reasoning: reasoning * answers,
    };
    Reply {
        ids,
        created,
        model: ask.model.clone(),
        parts,
        stop,
        finish: answer.finish.clone(),
        answers,
        usage,
        most_events: answer.most_events,
        omit_reasoning: ask.reasoning == Reasoning::Hidden,
        logprobs: ask.logprobs,
        obfuscate: false,
    }
}

fn content(content: &Content, marks: &Marks, ask: &Ask, ids: Ids) -> (Vec<Part>, Stop) {
    let text = |text: &str| (vec![Part::Text(text.to_owned())], Stop::End);
    match content {
        Content::Auto => auto(marks, ask, ids),
        Content::Echo => text(&ask.prompt),
        Content::Text(said) => text(said),
        Content::Tokens(count) => text(&numbered(*count)),
        Content::Repeat(token) => repeated(token, ask),
        Content::Calls(count) => {
            let calls = ask.tools.iter().cycle().take((*count).min(MOST_CALLS));
            calling(calls.map(|tool| (tool, None)), ids).unwrap_or_else(|| text(&ask.prompt))
        }
        Content::Json => text(&json(ask)),
        Content::Refusal { before, reason } => refused(before, reason),
        Content::Filtered(said) => (vec![Part::Text(said.clone())], Stop::Filtered),
    }
}

fn auto(marks: &Marks, ask: &Ask, ids: Ids) -> (Vec<Part>, Stop) {
    if marks.has(&Mark::Refuse) {
        return refused("", "I'm sorry, but I can't help with that.");
    }
    if let Some(calls) = called_by_marks(marks, ask, ids).or_else(|| called_by_choice(ask, ids)) {
        return calls;
    }
    let text = match (marks.tokens(), &ask.format) {
        (Some(count), _) => numbered(count),
        (None, Format::Json | Format::Schema(_)) => json(ask),
        (None, Format::Text) => {
            let said = ask.results.iter().map(String::as_str).chain(Some(ask.prompt.as_str()));
            said.filter(|said| !said.is_empty()).collect::<Vec<_>>().join("\n")
        }
    };
    (vec![Part::Text(text)], Stop::End)
}

fn called_by_marks(marks: &Marks, ask: &Ask, ids: Ids) -> Option<(Vec<Part>, Stop)> {
    if ask.choice == Choice::Never {
        return None;
    }
    let wanted = marks.calls().filter_map(|(name, arguments)| {
        let tool = ask.tools.iter().find(|tool| tool.name == name)?;
        Some((tool, arguments))
    });
    let most = if ask.parallel { usize::MAX } else { 1 };
    calling(wanted.take(most), ids)
}

fn called_by_choice(ask: &Ask, ids: Ids) -> Option<(Vec<Part>, Stop)> {
    let tool = match &ask.choice {
        Choice::Auto | Choice::Never => None,
        Choice::Any => ask.tools.first(),
        Choice::Named(name) => ask.tools.iter().find(|tool| tool.name == *name),
    };
    calling(tool.map(|tool| (tool, None)).into_iter(), ids)
}

fn calling<'a>(
    calls: impl Iterator<Item = (&'a Tool, Option<String>)>,
    ids: Ids,
) -> Option<(Vec<Part>, Stop)> {
    let parts = calls.enumerate().map(|(nth, (tool, arguments))| Part::Call {
        id: ids.number(&format!("call {nth}")),
        name: tool.name.clone(),
        arguments: arguments.unwrap_or_else(|| schema::instance(&tool.schema).to_string()),
    });
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then_some((parts, Stop::Calls))
}

fn refused(before: &str, reason: &str) -> (Vec<Part>, Stop) {
    (vec![Part::Text(before.to_owned()), Part::Refusal(reason.to_owned())], Stop::Refused)
}

fn repeated(token: &str, ask: &Ask) -> (Vec<Part>, Stop) {
    let times = ask.max_tokens.unwrap_or(u64::MAX).min(MOST_REPEATS);
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    (vec![Part::Text(token.repeat(times))], Stop::Length)
}

fn json(ask: &Ask) -> String {
    match &ask.format {
        Format::Schema(schema) => schema::instance(schema).to_string(),
        Format::Json | Format::Text => Value::Object(serde_json::Map::new()).to_string(),
    }
}

/// `w1 w2 w3`: so many tokens, each of which shows where it belongs.
fn numbered(count: u64) -> String {
    (1..=count.min(MOST_TOKENS)).map(|nth| format!("w{nth}")).collect::<Vec<_>>().join(" ")
}

/// An answer goes on where the caller's last assistant turn breaks off, if it begins like it.
fn continue_prefill(parts: &mut [Part], ask: &Ask) {
    let Some(prefill) = &ask.prefill else { return };
    let text = parts.iter_mut().find_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    if let Some(text) = text
        && let Some(rest) = text.strip_prefix(prefill.as_str())
    {
        *text = rest.to_owned();
    }
}

fn cut_at_stop(parts: &mut Vec<Part>, stop: &mut Stop, stops: &[String]) {
    for at in 0..parts.len() {
        let Part::Text(text) = &mut parts[at] else { continue };
        let found = stops.iter().filter(|sequence| !sequence.is_empty());
        let found = found.filter_map(|sequence| Some((text.find(sequence.as_str())?, sequence)));
        if let Some((end, sequence)) = found.min_by_key(|(end, _)| *end) {
            text.truncate(end);
            *stop = Stop::Sequence(sequence.clone());
            parts.truncate(at + 1);
            return;
        }
    }
}

fn cut_at_limit(parts: &mut Vec<Part>, stop: &mut Stop, limit: Option<u64>) {
    let Some(mut left) = limit else { return };
    // A token has at least one byte: what is shorter than the limit need not be split.
    if parts.iter().map(Part::bytes).sum::<usize>() as u64 <= left {
        return;
    }
    for at in 0..parts.len() {
        let pieces = pieces_of(&parts[at]);
        if pieces.len() as u64 > left {
            let kept = pieces[..usize::try_from(left).unwrap_or(usize::MAX)].concat();
            match &mut parts[at] {
                Part::Reasoning(text) | Part::Text(text) | Part::Refusal(text) => *text = kept,
                Part::Call { arguments, .. } => *arguments = kept,
            }
            let keep_this = left > 0 || matches!(parts[at], Part::Text(_));
            parts.truncate(at + usize::from(keep_this));
            *stop = Stop::Length;
            return;
        }
        left -= pieces.len() as u64;
    }
}

/// The tokens of a part, as a stream brings them.
pub(crate) fn pieces_of(part: &Part) -> Vec<&str> {
    match part {
        Part::Reasoning(text) | Part::Text(text) | Part::Refusal(text) => tokens::split(text),
        Part::Call { arguments, .. } => tokens::fragments(arguments),
    }
}

fn tokens_of(part: &Part) -> u64 {
    match part {
        Part::Reasoning(text) | Part::Text(text) | Part::Refusal(text) => tokens::count(text),
        Part::Call { arguments, .. } => tokens::fragments(arguments).len() as u64,
    }
}

/// What the model thinks when nobody says what.
const THOUGHT: &str = "The user wants an answer. I will give it.";
/// The longest answer, in tokens.
const MOST_TOKENS: u64 = 1_000_000;
/// The most calls at once.
const MOST_CALLS: usize = 128;
/// How often a repeated token is repeated where the request sets no limit.
const MOST_REPEATS: u64 = 4096;
