//! Streams, in.

use backstop_core::{
    Delta, Dialect, Event, Extra, Failure, Form, Json, Kind, Part, PartKind, Text, ToolKind, Wire,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error::failure_of,
    read_answer::{finish, keep, message, redacted, start},
    read_part::tool_id,
    words::{object_of, read_usage},
};
use crate::{
    json::{Error, Fields, Path, fragment, items, json, string},
    sse::Frame,
    template::Template,
};

/// Reads the events of a stream.
///
/// Event types that are not known here pass without a delta, as the API asks of its clients.
#[derive(Debug, Default)]
pub(crate) struct StreamDecoder {
    started: bool,
    complete: bool,
    terminated: bool,
    /// The blocks that have begun and not ended. One, as a rule.
    open: Vec<Block>,
    /// How many blocks have begun.
    seen: u32,
    /// The fields of the usage that the start told.
    usage: Option<Extra>,
    /// The last piece of text, and its block.
    template: Option<(Template, u64)>,
}

#[derive(Debug)]
struct Block {
    index: u64,
    number: u32,
    kind: BlockKind,
    /// The first half of a character whose second half is in the next piece.
    half: Option<u16>,
}

#[derive(Debug)]
enum BlockKind {
    Text,
    Thinking,
    ToolUse {
        /// What the start said; the fragments replace it.
        input: Json,
        has_fragments: bool,
    },
    /// A whole piece that the start brought.
    Done,
    /// A kind that only this dialect knows: told whole when it ends.
    Opaque {
        fields: Extra,
        input: String,
    },
}

/// What all events are made of; the parts that most events do not need stay unread.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<&'a RawValue>,
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    delta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    partial_json: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    signature: Option<&'a RawValue>,
    #[serde(borrow, default)]
    citation: Option<&'a RawValue>,
}

impl StreamDecoder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn read(&mut self, frame: &Frame) -> Result<Option<Event>, Failure> {
        let wire =
            Wire { dialect: Dialect::AnthropicMessages, form: Form::Stream, bytes: frame.wire.clone() };
        if let Some(delta) = self.same_again(frame) {
            return Ok(Some(Event::single(wire, delta)));
        }
        let Some(data) = &frame.data else { return Ok(Some(Event::single(wire, Delta::Ping))) };
        // Not of this dialect, but some servers that speak it end so.
        if data.trim() == "[DONE]" {
            return Ok(Some(Event::single(wire, Delta::Ping)));
        }
        let bytes = data.clone().into_bytes();
        let parsed: Data<'_> = serde_json::from_str(data)
            .map_err(|error| malformed(&format!("an event is not valid JSON of this dialect: {error}")))?;
        let kind = parsed.kind.and_then(string);
        let event = match kind.as_deref().unwrap_or(&frame.event) {
            "content_block_delta" => {
                let delta = self.piece(&bytes, &parsed)?;
                self.learn(data, &parsed, &delta);
                Event::single(wire, delta)
            }
            "content_block_start" => Event::new(wire, self.open_block(&bytes, &parsed)?),
            "content_block_stop" => Event::new(wire, self.close_block(&parsed)?),
            "message_start" => Event::new(wire, self.start(&bytes, &parsed)?),
            "message_delta" => Event::new(wire, self.message_delta(&bytes)?),
            "message_stop" if !self.complete => {
                return Err(malformed("it stops in the middle of the answer"));
            }
            "message_stop" => {
                self.terminated = true;
                Event::single(wire, Delta::End)
            }
            "ping" => Event::single(wire, Delta::Ping),
            "error" => return Err(failure_of(None, None, &bytes)),
            // A server that answers a streamed request in one event.
            "message" if !self.started => {
                let deltas = Fields::root(&bytes).and_then(message).map_err(Error::malformed)?;
                (self.started, self.complete, self.terminated) = (true, true, true);
                Event::new(wire, deltas)
            }
            _ => Event::new(wire, Vec::new()),
        };
        Ok(Some(event))
    }

    /// The text of a piece that is otherwise the same as an earlier one.
    fn same_again(&self, frame: &Frame) -> Option<Delta> {
        let (template, index) = self.template.as_ref()?;
        let text = template.read(frame.data.as_ref().filter(|_| frame.event == "content_block_delta")?)?;
        let block = self.open.iter().find(|block| block.index == *index)?;
        let text = Text::slice_of(&frame.wire, text);
        matches!(block.kind, BlockKind::Text).then_some(Delta::Text { choice: 0, block: block.number, text })
    }

    fn learn(&mut self, document: &str, data: &Data<'_>, delta: &Delta) {
        if let (Delta::Text { text, .. }, Some(index)) = (delta, data.index) {
            let template = Template::learn(document, text).map(|template| (template, index));
            if template.is_some() {
                self.template = template;
            }
        }
    }

    pub(crate) const fn is_complete(&self) -> bool {
        self.complete
    }

    pub(crate) const fn is_terminated(&self) -> bool {
        self.terminated
    }

    fn start(&mut self, wire: &Bytes, data: &Data<'_>) -> Result<Vec<Delta>, Failure> {
        if self.started {
            return Err(malformed("a second `message_start`"));
        }
        self.started = true;
        let Some(raw) = data.message else {
            return Err(malformed("a `message_start` without a message"));
        };
        let mut fields = open(wire, raw)?;
        let mut deltas = vec![Delta::Start(start(&mut fields).map_err(Error::malformed)?)];
        for name in ["type", "role", "content", "stop_reason", "stop_sequence", "stop_details"] {
            fields.take(name);
        }
        if let Some(raw) = fields.value("usage") {
            let (usage, all) =
                read_usage(wire, raw, None, Path::Root.field("usage")).map_err(Error::malformed)?;
            self.usage = Some(all);
            deltas.push(Delta::Usage(usage));
        }
        push_extra(&mut deltas, None, &fields.rest(), false);
        Ok(deltas)
    }

    fn open_block(&mut self, wire: &Bytes, data: &Data<'_>) -> Result<Vec<Delta>, Failure> {
        let index = index(data)?;
        if !self.started || self.open.iter().any(|block| block.index == index) {
            return Err(malformed(&format!("block {index} begins where it cannot")));
        }
        let Some(raw) = data.content_block else {
            return Err(malformed(&format!("block {index} begins without a block")));
        };
        let (choice, block) = (0, self.seen);
        let (kind, deltas) = begin(wire, open(wire, raw)?, raw, block).map_err(Error::malformed)?;
        self.open.push(Block { index, number: block, kind, half: None });
        self.seen += 1;
        let mut told = Vec::with_capacity(deltas.1.len() + 1);
        push_extra(&mut told, Some(choice), &deltas.0, true);
        told.extend(deltas.1);
        Ok(told)
    }

    fn piece(&mut self, wire: &Bytes, data: &Data<'_>) -> Result<Delta, Failure> {
        let index = index(data)?;
        let Some(open) = self.open.iter_mut().find(|block| block.index == index) else {
            return Err(malformed(&format!("a piece of block {index}, which has not begun")));
        };
        let Some(raw) = data.delta else {
            return Err(malformed(&format!("a piece of block {index} without a delta")));
        };
        let piece: Piece<'_> = serde_json::from_str(raw.get())
            .map_err(|error| malformed(&format!("a piece of block {index}: {error}")))?;
        let (choice, block) = (0, open.number);
        let kind = piece.kind.and_then(string).unwrap_or_default();
        let half = &mut open.half;
        let mut read = |field: Option<&RawValue>| {
            field
                .and_then(|raw| fragment(wire, raw, half))
                .ok_or_else(|| malformed(&format!("a `{kind}` of block {index} without its text")))
        };
        Ok(match (kind.as_ref(), &mut open.kind) {
            ("text_delta", BlockKind::Text) => Delta::Text { choice, block, text: read(piece.text)? },
            ("input_json_delta", BlockKind::ToolUse { has_fragments, .. }) => {
                let fragment = read(piece.partial_json)?;
                *has_fragments |= !fragment.is_empty();
                Delta::ToolCallArguments { choice, block, fragment }
            }
            ("thinking_delta", BlockKind::Thinking) => {
                Delta::Reasoning { choice, block, text: read(piece.thinking)? }
            }
            ("signature_delta", BlockKind::Thinking) => {
                Delta::Signature { choice, block, signature: read(piece.signature)? }
            }
            ("citations_delta", BlockKind::Text) => {
                let Some(raw) = piece.citation else {
                    return Err(malformed(&format!("a `{kind}` of block {index} without a citation")));
                };
                Delta::Citation { choice, block, citation: json(wire, raw) }
            }
            ("input_json_delta", BlockKind::Opaque { input, .. }) => {
                input.push_str(&read(piece.partial_json)?);
                Delta::Ping
            }
            (_, BlockKind::Opaque { fields, .. }) => {
                grow(fields, &self::open(wire, raw)?.rest());
                Delta::Ping
            }
            (known, _) if KNOWN_PIECES.contains(&known) => {
                return Err(malformed(&format!("a `{known}` in block {index}, which is of another kind")));
            }
            _ => Delta::Ping,
        })
    }

    fn close_block(&mut self, data: &Data<'_>) -> Result<Vec<Delta>, Failure> {
        let index = index(data)?;
        let Some(at) = self.open.iter().position(|block| block.index == index) else {
            return Err(malformed(&format!("block {index} ends, which has not begun")));
        };
        let Block { number: block, kind, .. } = self.open.remove(at);
        let choice = 0;
        Ok(match kind {
            BlockKind::ToolUse { input, has_fragments: false } => {
                vec![Delta::ToolCallArguments { choice, block, fragment: input.as_str().into() }]
            }
            BlockKind::Opaque { mut fields, input } => {
                if let Ok(input) = Json::parse(input.into()) {
                    fields.insert("input", input);
                }
                let kind = PartKind::Opaque { dialect: Dialect::AnthropicMessages, json: object_of(&fields) };
                vec![Delta::Part { choice, block, part: Part::new(kind) }]
            }
            BlockKind::Text | BlockKind::Thinking | BlockKind::ToolUse { .. } | BlockKind::Done => Vec::new(),
        })
    }

    fn message_delta(&mut self, wire: &Bytes) -> Result<Vec<Delta>, Failure> {
        if !self.started {
            return Err(malformed("a `message_delta` before `message_start`"));
        }
        let read = |this: &mut Self| -> Result<Vec<Delta>, Error> {
            let mut fields = Fields::root(wire)?;
            fields.take("type");
            let mut deltas = Vec::new();
            if let Some(raw) = fields.value("delta") {
                let mut inner = Fields::open(wire, raw, Path::Root.field("delta"))?;
                let end = finish(&mut inner)?;
                if let Some(raw) = inner.take("stop_details") {
                    let mut details = Extra::new();
                    details.insert("stop_details", json(wire, raw));
                    push_extra(&mut deltas, Some(0), &details, true);
                }
                push_extra(&mut deltas, None, &inner.rest(), true);
                this.complete |= end.is_some();
                deltas.extend(end.map(|finish| Delta::Finish { choice: 0, finish }));
            }
            if let Some(raw) = fields.value("usage") {
                let (usage, all) = read_usage(wire, raw, this.usage.as_ref(), Path::Root.field("usage"))?;
                this.usage = Some(all);
                deltas.push(Delta::Usage(usage));
            }
            push_extra(&mut deltas, None, &fields.rest(), false);
            Ok(deltas)
        };
        read(self).map_err(Error::malformed)
    }
}

/// What a block begins with: its kind, the fields that no delta carries, and its first deltas.
fn begin(
    wire: &Bytes,
    mut fields: Fields<'_, '_>,
    raw: &RawValue,
    block: u32,
) -> Result<(BlockKind, (Extra, Vec<Delta>)), Error> {
    let choice = 0;
    let Some(kind) = fields.get_text("type") else {
        return Err(Path::Root.field("content_block.type").expected("a string"));
    };
    let (kind, deltas) = match kind.as_ref() {
        "text" => {
            let text = fields.text("text")?.unwrap_or_default();
            let mut deltas = vec![Delta::Text { choice, block, text }];
            let citations = fields.take("citations").and_then(items).unwrap_or_default();
            let citations = citations.into_iter().map(|raw| json(wire, raw));
            deltas.extend(citations.map(|citation| Delta::Citation { choice, block, citation }));
            (BlockKind::Text, deltas)
        }
        "thinking" => {
            let text = fields.text("thinking")?.unwrap_or_default();
            let mut deltas = vec![Delta::Reasoning { choice, block, text }];
            let signature = fields.text("signature")?.filter(|signature| !signature.is_empty());
            deltas.extend(signature.map(|signature| Delta::Signature { choice, block, signature }));
            (BlockKind::Thinking, deltas)
        }
        "tool_use" => {
            let (id, name) = (tool_id(fields.required_text("id")?), fields.required_text("name")?);
            let input = fields.json("input").unwrap_or_else(|| Json::trusted(Text::from_static("{}")));
            let start = Delta::ToolCallStart { choice, block, id, name, kind: ToolKind::Function };
            (BlockKind::ToolUse { input, has_fragments: false }, vec![start])
        }
        "redacted_thinking" => {
            let part = redacted(&mut fields)?;
            (BlockKind::Done, vec![Delta::Part { choice, block, part }])
        }
        _ => {
            let fields = Fields::open(wire, raw, Path::Root)?.rest();
            return Ok((BlockKind::Opaque { fields, input: String::new() }, (Extra::new(), Vec::new())));
        }
    };
    fields.take("type");
    let mut extra = Extra::new();
    keep(block, &fields.rest(), &mut extra);
    Ok((kind, (extra, deltas)))
}

/// Adds a piece of a kind that is not known here to its block: texts grow, all else is replaced.
fn grow(fields: &mut Extra, piece: &Extra) {
    for (name, value) in piece.iter().filter(|(name, _)| *name != "type") {
        match (fields.get(name).and_then(Json::to_text), value.to_text()) {
            (Some(so_far), Some(more)) => fields.insert(name.clone(), Json::string(&(so_far + &more))),
            _ => fields.insert(name.clone(), value.clone()),
        }
    }
}

fn push_extra(deltas: &mut Vec<Delta>, choice: Option<u32>, extra: &Extra, nulls: bool) {
    let mut kept = Extra::new();
    for (name, value) in extra.iter().filter(|(_, value)| nulls || !value.is_null()) {
        kept.insert(name.clone(), value.clone());
    }
    if !kept.is_empty() {
        deltas.push(Delta::Extra { choice, extra: kept });
    }
}

fn open<'a>(wire: &'a Bytes, raw: &'a RawValue) -> Result<Fields<'a, 'static>, Failure> {
    Fields::open(wire, raw, Path::Root).map_err(Error::malformed)
}

fn index(data: &Data<'_>) -> Result<u64, Failure> {
    data.index.ok_or_else(|| malformed("a block without an index"))
}

fn malformed(what: &str) -> Failure {
    Failure::new(Kind::Malformed, format!("the provider's stream cannot be read: {what}"))
}

const KNOWN_PIECES: [&str; 5] =
    ["text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta"];
