"""Requests that are fine in one dialect and would be refused in the other, as they stand.

The gateway may translate them, or say itself that it cannot. What it must not do is to send on what the provider then
refuses: every refusal of the simulated provider, which refuses what the real one does, is a fault of the gateway.
"""

import anthropic
import openai

from world import CALLER_KEY, GATEWAY, MODERN, PLAIN, PNG, REASONING, Case

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "unit": {"type": "string"}}, "required": ["city"]}


def function(name="f", parameters=SCHEMA, **more):
    return {"type": "function", "function": {"name": name, "parameters": parameters, **more}}


def tool(name="f", schema=SCHEMA, **more):
    return {"name": name, "input_schema": schema, **more}


def user(content="Hi"):
    return {"role": "user", "content": content}


def assistant(content, **more):
    return {"role": "assistant", "content": content, **more}


def call(id, name="f", arguments='{"city": "Oslo"}'):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def answer(id, content="fine"):
    return {"role": "tool", "tool_call_id": id, "content": content}


def use(id, name="f", **input):
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id, content="fine", **more):
    return {"type": "tool_result", "tool_use_id": id, "content": content, **more}


def text(text):
    return {"type": "text", "text": text}


LONG_ID = "call_" + "x" * 90
IMAGE_URL = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}

# What a caller of OpenAI may ask.
OF_OPENAI = {
    "two temperatures": dict(temperature=0.5, top_p=0.9),
    "a high temperature": dict(temperature=1.8),
    "penalties and a seed": dict(presence_penalty=1, frequency_penalty=1, seed=7, logit_bias={"1": 1}),
    "log probabilities": dict(logprobs=True, top_logprobs=2),
    "several answers": dict(n=2),
    "blank stop sequences": dict(stop=["\n", "  "]),
    "blank and good stop sequences": dict(stop=["\n", "END"]),
    "more tokens than the model gives": dict(max_completion_tokens=1_000_000),
    "a JSON object": dict(response_format={"type": "json_object"}, messages=[user("as json")]),
    "an open schema": dict(
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}},
    ),
    "metadata": dict(metadata={"a": "b"}, store=False, safety_identifier="s", prompt_cache_key="k"),
    "verbosity": dict(verbosity="low"),
    "a service tier": dict(service_tier="flex"),
    "no user message": dict(messages=[{"role": "system", "content": "Speak."}]),
    "a name": dict(messages=[{**user(), "name": "eve"}]),
    "neighbours": dict(messages=[user("a"), user("b"), assistant("c"), assistant("d"), user("e")]),
    "the assistant first": dict(messages=[assistant("a"), user("b")]),
    "the assistant last": dict(messages=[user("a"), assistant("The answer is ")]),
    "empty content": dict(messages=[user(""), user("b")]),
    "blank content": dict(messages=[user(" \n"), user("b")]),
    "empty parts": dict(messages=[user([text(""), text("b")])]),
    "an empty answer": dict(messages=[user("a"), assistant(""), user("b")]),
    "system messages in between": dict(
        messages=[user("a"), {"role": "system", "content": "Be brief."}, assistant("b"), user("c")]
    ),
    "a system message before the user's": dict(
        messages=[user("a"), assistant("b"), {"role": "system", "content": "Be brief."}, user("c")]
    ),
    "an empty system message": dict(messages=[{"role": "system", "content": ""}, user("c")]),
    "a refusal in the talk": dict(messages=[user("a"), assistant(None, refusal="No."), user("b")]),
    "an image": dict(messages=[user([IMAGE_URL])]),
    "odd ids": dict(
        tools=[function()],
        messages=[user(), assistant(None, tool_calls=[call("functions.f:0")]), answer("functions.f:0")],
    ),
    "long ids": dict(
        tools=[function()], messages=[user(), assistant(None, tool_calls=[call(LONG_ID)]), answer(LONG_ID)]
    ),
    "ids that come again": dict(
        tools=[function()],
        messages=[
            user(),
            assistant(None, tool_calls=[call("call_0")]),
            answer("call_0"),
            assistant(None, tool_calls=[call("call_0")]),
            answer("call_0"),
        ],
    ),
    "calls with text": dict(
        tools=[function()],
        messages=[user(), assistant("Let me see.", tool_calls=[call("a"), call("b")]), answer("a"), answer("b"), user()],
    ),
    "calls with empty text": dict(
        tools=[function()], messages=[user(), assistant("", tool_calls=[call("a")]), answer("a", "")]
    ),
    "arguments that are no JSON": dict(
        tools=[function()], messages=[user(), assistant(None, tool_calls=[call("a", arguments="{oops")]), answer("a")]
    ),
    "empty arguments": dict(
        tools=[function()], messages=[user(), assistant(None, tool_calls=[call("a", arguments="")]), answer("a")]
    ),
    "answers in another order": dict(
        tools=[function()],
        messages=[user(), assistant(None, tool_calls=[call("a"), call("b")]), answer("b"), answer("a")],
    ),
    "calls without tools": dict(messages=[user(), assistant(None, tool_calls=[call("a")]), answer("a")]),
    "a tool without parameters": dict(tools=[{"type": "function", "function": {"name": "f"}}]),
    "a tool with empty parameters": dict(tools=[function(parameters={})]),
    "two tools of one name": dict(tools=[function(), function()]),
    "a strict tool": dict(
        tools=[function(parameters={**SCHEMA, "required": ["city", "unit"], "additionalProperties": False}, strict=True)]
    ),
    "a forced tool": dict(tools=[function()], tool_choice="required"),
    "tools and a schema": dict(
        tools=[function()],
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "s",
                "strict": True,
                "schema": {**SCHEMA, "required": ["city", "unit"], "additionalProperties": False},
            },
        },
    ),
}

# What a caller of Anthropic may ask.
OF_ANTHROPIC = {
    "sampling": dict(extra_body={"temperature": 0.7, "top_k": 5}),
    "a stop sequence": dict(stop_sequences=["END"]),
    "many stop sequences": dict(stop_sequences=["a1", "b2", "c3", "d4", "e5", "f6"]),
    "one token": dict(max_tokens=1),
    "more tokens than the model gives": dict(max_tokens=20_000),
    "a user": dict(metadata={"user_id": "u"}),
    "a service tier": dict(service_tier="standard_only"),
    "cache marks": dict(
        system=[{**text("s"), "cache_control": {"type": "ephemeral"}}],
        messages=[user([{**text("a"), "cache_control": {"type": "ephemeral", "ttl": "1h"}}])],
        tools=[tool(cache_control={"type": "ephemeral"})],
    ),
    "a prefill": dict(messages=[user("a"), assistant("The answer is")]),
    "an empty last answer": dict(messages=[user("a"), assistant([])]),
    "neighbours": dict(messages=[user("a"), user("b"), assistant("c"), assistant("d"), user("e")]),
    "an image": dict(messages=[user([IMAGE, text("What?")])]),
    "a text document": dict(
        messages=[
            user(
                [
                    {
                        "type": "document",
                        "title": "t",
                        "source": {"type": "text", "media_type": "text/plain", "data": "words"},
                        "citations": {"enabled": True},
                    },
                    text("?"),
                ]
            )
        ]
    ),
    "a document by URL": dict(
        messages=[user([{"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}, text("?")])]
    ),
    "results with text behind": dict(
        tools=[tool()], messages=[user(), assistant([use("t")]), user([result("t"), text("And?")])]
    ),
    "results in two messages": dict(
        tools=[tool()], messages=[user(), assistant([use("t"), use("u")]), user([result("t")]), user([result("u")])]
    ),
    "a result with an image": dict(
        tools=[tool()], messages=[user(), assistant([use("t")]), user([result("t", [text("see"), IMAGE])])]
    ),
    "two results with images": dict(
        tools=[tool()],
        messages=[user(), assistant([use("t"), use("u")]), user([result("t", [IMAGE]), result("u", [IMAGE])])],
    ),
    "an empty result": dict(
        tools=[tool()],
        messages=[user(), assistant([use("t")]), user([{"type": "tool_result", "tool_use_id": "t"}])],
    ),
    "a failed result": dict(
        tools=[tool()], messages=[user(), assistant([use("t")]), user([result("t", "no", is_error=True)])]
    ),
    "long ids": dict(tools=[tool()], messages=[user(), assistant([use(LONG_ID)]), user([result(LONG_ID)])]),
    "uses without tools": dict(messages=[user(), assistant([use("t")]), user([result("t")])]),
    "a long tool name": dict(tools=[tool("f" * 100)]),
    "a strict tool": dict(tools=[tool(schema={**SCHEMA, "additionalProperties": False}, strict=True)]),
    "a forced tool": dict(tools=[tool()], tool_choice={"type": "any"}),
    "no tools in a list": dict(tools=[]),
    "a choice without tools": dict(tool_choice={"type": "auto"}),
    "foreign thinking": dict(
        messages=[
            user(),
            assistant([{"type": "thinking", "thinking": "hm", "signature": "EqFromElsewhere"}, text("Hello.")]),
            user("And?"),
        ]
    ),
    "an optional field in a schema": dict(
        output_config={"format": {"type": "json_schema", "schema": {**SCHEMA, "additionalProperties": False}}}
    ),
    "a budget": dict(max_tokens=3000, thinking={"type": "enabled", "budget_tokens": 1024}),
    "adaptive thinking": dict(max_tokens=3000, thinking={"type": "adaptive"}),
    "no thinking": dict(thinking={"type": "disabled"}),
    "an effort": dict(output_config={"effort": "max"}),
    "a search at the provider": dict(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
}

# Only where thinking is asked for.
THOUGHTFUL = {
    "an effort in the middle of tools": dict(
        reasoning_effort="high",
        tools=[function()],
        messages=[user(), assistant(None, tool_calls=[call("a")]), answer("a")],
    ),
    "an effort and a forced tool": dict(reasoning_effort="low", tools=[function()], tool_choice="required"),
    "an effort and a temperature": dict(reasoning_effort="low", temperature=0.3, top_p=0.5),
    "an effort and few tokens": dict(reasoning_effort="high", max_completion_tokens=900),
    "the least effort": dict(reasoning_effort="minimal"),
    "no effort": dict(reasoning_effort="none"),
    "more than high": dict(reasoning_effort="xhigh"),
}


class Traps(Case):
    def each(self, requests, send, refusals):
        for chain in (PLAIN, REASONING, MODERN):
            for name, options in requests.items():
                for streamed in (False, True):
                    with self.subTest(chain=chain, request=name, streamed=streamed):
                        self.setUp()
                        try:
                            send(chain, options, streamed)
                        except refusals as error:
                            self.assertIn(error.status_code, (400, 413), error)
                            self.assertEqual(self.seen(), [], f"asked the provider, and then: {error}")
                        else:
                            self.assertEqual([request["status"] for request in self.seen()], [200])

    def test_openai(self):
        client = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=CALLER_KEY, max_retries=0)

        def send(chain, options, streamed):
            options = {"messages": [user()], "stream": streamed, **options}
            got = client.chat.completions.create(model=chain, **options)
            if streamed:
                self.assertTrue(any(chunk.choices and chunk.choices[0].finish_reason for chunk in got))

        self.each(OF_OPENAI | THOUGHTFUL, send, openai.APIStatusError)

    def test_anthropic(self):
        client = anthropic.Anthropic(base_url=GATEWAY, api_key=CALLER_KEY, max_retries=0)

        def send(chain, options, streamed):
            options = {"messages": [user()], "max_tokens": 100, "stream": streamed, **options}
            got = client.messages.create(model=chain, **options)
            if streamed:
                self.assertEqual([event.type for event in got][-1], "message_stop")

        self.each(OF_ANTHROPIC, send, anthropic.APIStatusError)
