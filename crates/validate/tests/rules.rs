//! What is refused, when, and what that costs everybody else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop_core::{
    Call, Delta, Dialect, Event, Failure, Finish, FinishReason, Json, Kind, Origin, OutputFormat, Peek,
    Request, Tool, ToolDefinition, ToolKind, clock,
};
use backstop_test_support::{AnswerPlan, Script, Step, events, read_events, ready_call, sample};
use backstop_validate::{
    Hold, JsonRule, Rejection, Repetition, Rule, ValidateConfig, ValidateLayer, ValidateObserver,
};
use bytes::Bytes;
use tower_layer::Layer as _;

const SECOND: Duration = Duration::from_secs(1);

/// How a stream fared: `Err` before anything went out, or the number of events that did, and how it died then.
async fn stream(
    config: ValidateConfig,
    plan: AnswerPlan,
    call: Call,
) -> Result<(usize, Option<Failure>), Failure> {
    let mut service = ValidateLayer::new(config).layer(Script::<Failure>::new([Step::answer(plan)]));
    let response = ready_call(&mut service, sample::request(call)).await?;
    let (events, failure) = read_events(response.into_body()).await;
    Ok((events.len(), failure))
}

/// The message of a refusal that falls over.
async fn refused(config: &ValidateConfig, plan: AnswerPlan) -> Option<String> {
    let failure = stream(config.clone(), plan, sample::streamed()).await.err()?;
    assert_eq!(failure.kind(), Kind::Rejected);
    Some(failure.message().to_owned())
}

fn finish(reason: FinishReason) -> Event {
    Event::synthetic(vec![Delta::Finish { choice: 0, finish: Finish::new(reason, "x") }])
}

fn plan(texts: &[&str], reason: FinishReason) -> AnswerPlan {
    let begun = AnswerPlan::new().event(events::start());
    texts
        .iter()
        .fold(begun, |plan, text| plan.event(events::text(text)))
        .event(finish(reason))
        .event(events::end())
}

/// A call whose request declares a tool `known` and wants `output`.
fn call(output: Option<&OutputFormat>) -> Call {
    fn decode(body: &Bytes) -> Result<Request, Failure> {
        let mut request = Request::new(Dialect::OpenaiChat, "m");
        let schema = Json::trusted("{\"type\":\"object\",\"required\":[\"a\"]}".into());
        request.output = match &body[..] {
            b"object" => Some(OutputFormat::JsonObject),
            b"schema" => {
                Some(OutputFormat::JsonSchema { name: None, description: None, schema, strict: None })
            }
            _ => None,
        };
        let known = ToolDefinition::Client {
            kind: ToolKind::Function,
            name: "known".into(),
            description: None,
            schema: None,
            strict: None,
        };
        let opaque = ToolDefinition::Opaque {
            dialect: Dialect::AnthropicMessages,
            json: Json::trusted("{\"type\":\"bash_20250124\",\"name\":\"bash\"}".into()),
        };
        let tool = |definition| Tool { definition, cache: None, extra: backstop_core::Extra::new() };
        request.tools = vec![tool(known), tool(opaque)];
        Ok(request)
    }
    let body: &'static [u8] = match output {
        Some(OutputFormat::JsonObject) => b"object",
        Some(_) => b"schema",
        None => b"",
    };
    let peek = Peek { model: "m".into(), stream: true, choices: 1, ..Peek::default() };
    Call::new(Origin::new(Dialect::OpenaiChat, Bytes::from_static(body), peek, decode, clock::now()))
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_says_nothing_falls_over() {
    let config = ValidateConfig::new().with_non_empty(true);
    let empty = Some("the answer was refused: it is empty".to_owned());
    for blank in [&[][..], &[""], &[" ", "\n\n", "\t"]] {
        assert_eq!(refused(&config, plan(blank, FinishReason::Stop)).await, empty, "{blank:?}");
        assert_eq!(refused(&config, plan(blank, FinishReason::Length)).await, empty, "{blank:?}");
        let filtered = plan(blank, FinishReason::ContentFilter);
        assert_eq!(refused(&config, filtered).await, None, "a filter says itself why there is nothing");
    }
    assert_eq!(refused(&config, AnswerPlan::document(" \n")).await, empty);
    assert_eq!(refused(&config, AnswerPlan::new()).await, empty, "not even a choice");
    let calls =
        AnswerPlan::new().event(events::tool_call("c", "f", "{}")).event(finish(FinishReason::ToolCalls));
    assert_eq!(refused(&config, calls).await, None);
    let thought = AnswerPlan::new().event(events::reasoning("hm"));
    assert_eq!(refused(&config, thought.clone().event(finish(FinishReason::Length))).await, None);
    // Reasoning is let go as it comes, so an answer that is nothing else dies in the middle, and has no end.
    let (events, failure) =
        stream(config.clone(), thought.event(finish(FinishReason::Stop)), sample::streamed()).await.unwrap();
    assert_eq!((events, failure.map(|failure| failure.kind())), (1, Some(Kind::Rejected)));
    let off =
        stream(ValidateConfig::new(), plan(&[" "], FinishReason::Stop), sample::streamed()).await.unwrap();
    assert_eq!((off.0, off.1.is_none()), (4, true));
}

#[tokio::test(start_paused = true)]
async fn a_loop_falls_over_if_it_loops_from_the_start() {
    let config = ValidateConfig::new().with_repetition(Some(Repetition::default()));
    let told = Some("the answer was refused: it says one thing over and over".to_owned());
    let looping = |first: &[&str]| {
        let begun = first
            .iter()
            .fold(AnswerPlan::new().event(events::start()), |plan, text| plan.event(events::text(text)));
        (0..1000).fold(begun, |plan, _| plan.event(events::text("no ")))
    };
    assert_eq!(refused(&config, looping(&[])).await, told);
    let blank = (0..1000).fold(AnswerPlan::new(), |plan, _| plan.event(events::text("\n")));
    assert_eq!(refused(&config, blank).await, told, "white space for ever, without an end");
    let thoughts = (0..1000).fold(AnswerPlan::new(), |plan, _| plan.event(events::reasoning("hm ")));
    assert_eq!(refused(&config, thoughts).await, told);

    let late = looping(&["It begins", " well."]);
    let (events, failure) = stream(config.clone(), late.clone(), sample::streamed()).await.unwrap();
    assert!((150..260).contains(&events), "{events}");
    assert_eq!(failure.unwrap().kind(), Kind::Rejected);
    assert_eq!(refused(&config.with_hold(Hold::Whole), late).await, told, "held whole, it falls over");
}

#[tokio::test(start_paused = true)]
async fn good_text_is_held_for_no_longer_than_it_takes_to_see_that() {
    let paced = AnswerPlan::text(&["Hello", " world", "!"]).paced(SECOND);
    for (rules, seconds) in [
        (ValidateConfig::new().with_non_empty(true).with_declared_tools(true), 2),
        (ValidateConfig::new().with_repetition(Some(Repetition::default())), 3),
        (ValidateConfig::new().with_non_empty(true).with_hold(Hold::Whole), 7),
    ] {
        let script: Script = Script::new([Step::answer(paced.clone())]);
        let (mut service, start) = (ValidateLayer::new(rules).layer(script), clock::now());
        let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
        assert_eq!((clock::now() - start).as_secs(), seconds);
        assert_eq!(read_events(response.into_body()).await.0, paced.planned_events(), "and loses nothing");
    }
    // One token can be no loop: the end lets it go.
    let config = ValidateConfig::new().with_repetition(Some(Repetition::default()));
    assert_eq!(refused(&config, plan(&["Yes"], FinishReason::Stop)).await, None);
}

#[tokio::test(start_paused = true)]
async fn text_must_be_json_where_it_was_asked_for() {
    let always = ValidateConfig::new().with_json(Some(JsonRule::Always));
    assert_eq!(refused(&always, plan(&["{\"a\"", ": 1}"], FinishReason::Stop)).await, None);
    assert_eq!(
        refused(&always, plan(&["Sure", ": {\"a\": 1}"], FinishReason::Stop)).await.as_deref(),
        Some("the answer was refused: its text is no JSON: it does not begin like it")
    );
    assert_eq!(
        refused(&always, AnswerPlan::document("{\"a\": }")).await.as_deref(),
        Some("the answer was refused: its text is no JSON: line 1, column 7")
    );
    let broken = plan(&["{\"a\"", ": "], FinishReason::Stop);
    let (events, failure) = stream(always.clone(), broken.clone(), sample::streamed()).await.unwrap();
    assert_eq!((events, failure.unwrap().kind()), (3, Kind::Rejected), "the finish never comes");
    assert!(refused(&always.clone().with_hold(Hold::Whole), broken).await.is_some());
    assert_eq!(
        refused(&always, plan(&["{\"a\""], FinishReason::Length)).await,
        None,
        "the caller's own limit"
    );
    assert_eq!(
        refused(&always.clone().with_text_limit(4), plan(&["{\"a\": 1}"], FinishReason::Stop))
            .await
            .as_deref(),
        Some("the answer was refused: it is longer than the 4 bytes that can be judged")
    );

    let requested = ValidateConfig::new().with_json(Some(JsonRule::Requested));
    let prose = || plan(&["Once upon a time"], FinishReason::Stop);
    assert!(stream(requested.clone(), prose(), call(None)).await.is_ok());
    assert!(stream(requested.clone(), prose(), call(Some(&OutputFormat::JsonObject))).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn tools_must_be_declared_and_called_with_json() {
    let config = ValidateConfig::new().with_declared_tools(true);
    let judge = async |name: &str, arguments: &str| {
        let plan = AnswerPlan::new()
            .event(events::tool_call("c", name, arguments))
            .event(finish(FinishReason::ToolCalls));
        stream(config.clone().with_hold(Hold::Whole), plan, call(None))
            .await
            .err()
            .map(|failure| failure.message().to_owned())
    };
    for (name, arguments) in [("known", "{\"a\": 1}"), ("known", ""), ("known", " {} "), ("bash", "{}")] {
        assert_eq!(judge(name, arguments).await, None, "{name} {arguments}");
    }
    assert_eq!(
        judge("invented", "{}").await.as_deref(),
        Some("the answer was refused: it calls a tool `invented` that the request does not declare")
    );
    for arguments in ["{\"a\": ", "[1]", "null", "a=1"] {
        let expected = "the answer was refused: it calls a tool with arguments that are no JSON object";
        assert_eq!(judge("known", arguments).await.as_deref(), Some(expected), "{arguments}");
    }
    let early = AnswerPlan::new().event(events::tool_call("c", "invented", "{"));
    assert!(stream(config, early, call(None)).await.is_err(), "a name is judged when it comes");
}

#[cfg(feature = "json-schema")]
#[tokio::test(start_paused = true)]
async fn a_document_must_follow_the_schema() {
    use backstop_validate::{Schema, SchemaRule};

    let schema = Json::trusted("{\"type\":\"object\",\"required\":[\"a\"]}".into());
    let format =
        OutputFormat::JsonSchema { name: None, description: None, schema: schema.clone(), strict: None };
    let requested = ValidateConfig::new().with_json_schema(Some(SchemaRule::Requested));
    let own =
        ValidateConfig::new().with_json_schema(Some(SchemaRule::Is(Arc::new(Schema::new(&schema).unwrap()))));
    for (config, call) in [(requested.clone(), call(Some(&format))), (own, call(None))] {
        let judge = async |text: &str| {
            let plan = AnswerPlan::document(text);
            stream(config.clone(), plan, call.clone()).await.err().map(|failure| failure.message().to_owned())
        };
        assert_eq!(judge("{\"a\": 1}").await, None);
        assert_eq!(
            judge("{\"b\": 1}").await.as_deref(),
            Some("the answer was refused: its text does not follow the JSON Schema at ``")
        );
        assert!(judge("a: 1").await.is_some());
    }
    assert!(
        stream(requested, AnswerPlan::document("prose"), call(None)).await.is_ok(),
        "nobody asked for one"
    );
}

#[derive(Default)]
struct Heard(AtomicUsize);

impl ValidateObserver for Heard {
    fn rejected(&self, rejection: &Rejection) {
        assert_eq!(rejection.rule(), Rule::Empty);
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn the_observer_hears_once_of_each_refusal_and_nothing_comes_behind_one() {
    let heard = Arc::new(Heard::default());
    let config = ValidateConfig::new().with_non_empty(true);
    let layer = ValidateLayer::new(config).with_observer(Arc::clone(&heard));
    let script: Script = Script::new([
        Step::answer(plan(&[" "], FinishReason::Stop)),
        Step::answer(
            AnswerPlan::new()
                .event(events::reasoning("hm"))
                .event(finish(FinishReason::Stop))
                .event(events::end()),
        ),
    ]);
    let mut service = layer.layer(script.clone());
    assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_err());
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    let mut body = std::pin::pin!(response.into_body());
    let mut seen = Vec::new();
    for _ in 0..4 {
        let event = std::future::poll_fn(|cx| backstop_core::Answer::poll_event(body.as_mut(), cx)).await;
        seen.push(event.map(|event| event.is_ok()));
    }
    assert_eq!(seen, [Some(true), Some(false), None, None]);
    assert_eq!(heard.0.load(Ordering::Relaxed), 2);
    assert!(script.calls().iter().all(|call| call.over.is_some()), "the provider is let go of");
}

#[tokio::test(start_paused = true)]
async fn what_outgrows_the_hold_is_let_go() {
    let blanks = (0..100).fold(AnswerPlan::new(), |plan, _| plan.event(events::text(" ")));
    let plan = blanks.event(events::text("at last")).event(finish(FinishReason::Stop)).event(events::end());
    let config = ValidateConfig::new().with_non_empty(true).with_hold_limits(2000, 2000);
    let script: Script = Script::new([Step::answer(plan.clone().paced(SECOND))]);
    let (mut service, start) = (ValidateLayer::new(config).layer(script), clock::now());
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    assert!(clock::now() - start < 30 * SECOND, "not all of the hundred are held");
    assert_eq!(read_events(response.into_body()).await.0, plan.planned_events());
}
