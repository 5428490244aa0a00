"""The official Anthropic SDK, unmodified, through the gateway."""

import asyncio
import json

import anthropic
from pydantic import BaseModel

from world import CALLER_KEY, GATEWAY, PLAIN, PLAIN_MODEL, PNG, REASONING, TO_ANTHROPIC, TO_GEMINI, Case, control

WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


class City(BaseModel):
    """What structured output is asked for."""

    name: str
    inhabitants: int
    is_capital: bool


def sync_client(**options):
    return anthropic.Anthropic(base_url=GATEWAY, api_key=CALLER_KEY, max_retries=0, **options)


def user(text):
    return [{"role": "user", "content": text}]


class Talk(Case):
    client = sync_client()

    def create(self, messages, **options):
        options.setdefault("max_tokens", 200)
        return self.client.messages.create(model=PLAIN, messages=messages, **options)

    def assert_usage(self, usage):
        told = self.told()
        self.assertGreater(told["output"], 0)
        self.assertEqual(usage.input_tokens, told["input"])
        self.assertEqual(usage.output_tokens, told["output"])

    def test_text(self):
        answer = self.create(user("Grüße, 世界 👋"))
        self.assertEqual((answer.type, answer.role, answer.model), ("message", "assistant", PLAIN_MODEL))
        (block,) = answer.content
        self.assertEqual((block.type, block.text), ("text", "Grüße, 世界 👋"))
        self.assertEqual((answer.stop_reason, answer.stop_sequence), ("end_turn", None))
        self.assert_usage(answer.usage)
        body = self.seen_once()
        self.assertEqual(self.seen()[0]["model"], PLAIN_MODEL)
        if TO_GEMINI:
            self.assertEqual(body["generationConfig"]["maxOutputTokens"], 200)
            return
        self.assertEqual(body["max_tokens"] if TO_ANTHROPIC else body.get("max_completion_tokens"), 200)

    def test_raw_response_shows_the_gateways_headers(self):
        raw = self.client.messages.with_raw_response.create(model=PLAIN, max_tokens=50, messages=user("Hi"))
        self.assertEqual(raw.headers["x-backstop-attempts"], "1")
        self.assertIn(PLAIN_MODEL, raw.headers["x-backstop-target"])
        self.assertEqual(raw.parse().content[0].text, "Hi")

    def test_stream(self):
        text = "one two three four five six"
        events = list(self.create(user(text), stream=True))
        kinds = [event.type for event in events]
        deltas = [event for event in events if event.type == "content_block_delta"]
        self.assertGreater(len(deltas), 3, "the answer came in one piece")
        self.assertEqual("".join(event.delta.text for event in deltas), text)
        grammar = [kind for kind in kinds if kind not in ("content_block_delta", "ping")]
        self.assertEqual(
            grammar,
            ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"],
        )
        self.assertEqual(events[0].message.model, PLAIN_MODEL)
        end = next(event for event in events if event.type == "message_delta")
        self.assertEqual(end.delta.stop_reason, "end_turn")
        self.assertEqual(end.usage.output_tokens, self.told()["output"])
        self.seen_once()
        self.assertIs(self.seen()[0]["streamed"], True)

    def test_stream_helper_adds_up(self):
        with self.client.messages.stream(model=PLAIN, max_tokens=200, messages=user("a b c d")) as stream:
            text = "".join(stream.text_stream)
            answer = stream.get_final_message()
        self.assertEqual(text, "a b c d")
        self.assertEqual([block.type for block in answer.content], ["text"])
        self.assertEqual((answer.content[0].text, answer.stop_reason), ("a b c d", "end_turn"))
        self.assert_usage(answer.usage)

    def test_system_prompts(self):
        for system in ("Be brief.", [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}]):
            with self.subTest(system=system):
                self.create(user("Hi"), system=system)
                body = self.seen()[-1]["body"]
                if TO_GEMINI:
                    said = json.dumps(body["systemInstruction"])
                    self.assertIn("Be brief.", said)
                    self.assertEqual("Be kind." in said, isinstance(system, list))
                elif TO_ANTHROPIC:
                    self.assertEqual(body["system"], system)
                else:
                    said = [message for message in body["messages"] if message["role"] in ("system", "developer")]
                    self.assertIn("Be brief.", json.dumps(said))
                    self.assertEqual("Be kind." in json.dumps(said), isinstance(system, list))

    def test_parameters_arrive(self):
        # The SDK has no name for the temperature any more, but older models still take one.
        warm = {"temperature": 0.5}
        self.create(user("Hi"), extra_body=warm, stop_sequences=["STOP"], metadata={"user_id": "u-1"})
        body = self.seen_once()
        if TO_GEMINI:
            config = body["generationConfig"]
            self.assertEqual((config["temperature"], config["stopSequences"]), (0.5, ["STOP"]))
            return
        self.assertEqual(body["temperature"], 0.5)
        if TO_ANTHROPIC:
            self.assertEqual((body["stop_sequences"], body["metadata"]), (["STOP"], {"user_id": "u-1"}))
        else:
            self.assertEqual(body["stop"], ["STOP"])
            self.assertIn("u-1", (body.get("user"), body.get("safety_identifier")))

    def test_image(self):
        source = {"type": "base64", "media_type": "image/png", "data": PNG}
        self.create(user([{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]))
        if TO_GEMINI:
            inline = {"inlineData": {"mimeType": "image/png", "data": PNG}}
            self.assertEqual(self.seen_once()["contents"][0]["parts"], [inline, {"text": "What is it?"}])
            return
        content = self.seen_once()["messages"][0]["content"]
        if TO_ANTHROPIC:
            self.assertEqual(content[0], {"type": "image", "source": source})
        else:
            self.assertEqual(content[0]["image_url"]["url"], f"data:image/png;base64,{PNG}")
        self.assertEqual((content[1]["type"], content[1]["text"]), ("text", "What is it?"))

    def test_document(self):
        source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}
        self.create(user([{"type": "document", "source": source, "title": "a.pdf"}, {"type": "text", "text": "?"}]))
        if TO_GEMINI:
            part = self.seen_once()["contents"][0]["parts"][0]
            self.assertEqual(part["inlineData"], {"mimeType": "application/pdf", "data": "JVBERi0xLjQK"})
            return
        part = self.seen_once()["messages"][0]["content"][0]
        if TO_ANTHROPIC:
            self.assertEqual(part["source"], source)
        else:
            self.assertEqual(part["file"]["file_data"], "data:application/pdf;base64,JVBERi0xLjQK")

    def test_stop_max_tokens(self):
        answer = self.create(user("one two three four five six seven"), max_tokens=3)
        self.assertEqual((answer.stop_reason, answer.usage.output_tokens), ("max_tokens", 3))
        with self.client.messages.stream(model=PLAIN, max_tokens=3, messages=user("one two three four")) as stream:
            self.assertEqual(stream.get_final_message().stop_reason, "max_tokens")

    def test_stop_sequence(self):
        answer = self.create(user("before HALT after"), stop_sequences=["HALT"])
        self.assertEqual(answer.content[0].text.strip(), "before")
        if TO_ANTHROPIC:
            self.assertEqual((answer.stop_reason, answer.stop_sequence), ("stop_sequence", "HALT"))
        else:
            # OpenAI and Gemini do not say that it was a stop sequence, so nobody can.
            self.assertEqual(answer.stop_reason, "end_turn")

    def test_refusal_is_no_success(self):
        self.assertEqual(self.create(user("[[refuse]]")).stop_reason, "refusal")

    def test_errors_of_a_stream_that_dies_are_raised(self):
        self.play(always="tokens=60; dies=40 reset")
        got = []
        with self.assertRaises(anthropic.APIError) as caught:
            for event in self.create(user("count"), stream=True):
                got.append(event.type)
        self.assertGreater(got.count("content_block_delta"), 10)
        self.assertNotIn("message_stop", got)
        self.assertTrue(caught.exception.message)


class Tools(Case):
    client = sync_client()

    def create(self, messages, **options):
        return self.client.messages.create(
            model=PLAIN, max_tokens=300, messages=messages, tools=[WEATHER], **options
        )

    def test_single_call_and_its_result(self):
        messages = user('Look: [[call get_weather {"city": "Århus"}]]')
        answer = self.create(messages)
        self.assertEqual(answer.stop_reason, "tool_use")
        use = answer.content[-1]
        self.assertEqual((use.type, use.name, use.input), ("tool_use", "get_weather", {"city": "Århus"}))
        body = self.seen_once()
        if TO_GEMINI:
            schema = body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]
        elif TO_ANTHROPIC:
            schema = body["tools"][0]["input_schema"]
        else:
            schema = body["tools"][0]["function"]["parameters"]
        self.assertEqual(schema, WEATHER["input_schema"])

        messages.append({"role": "assistant", "content": answer.content})
        result = {"type": "tool_result", "tool_use_id": use.id, "content": "9 degrees"}
        messages.append({"role": "user", "content": [result]})
        answer = self.create(messages)
        self.assertEqual(answer.stop_reason, "end_turn")
        self.assertIn("9 degrees", answer.content[0].text)
        second = self.seen()[1]
        self.assertIsNone(second["refused_by"])
        if TO_GEMINI:
            _, model, turn = second["body"]["contents"]
            self.assertEqual(model["parts"][-1]["functionCall"]["args"], {"city": "Århus"})
            self.assertEqual(turn["parts"][0]["functionResponse"]["response"], {"result": "9 degrees"})
        elif not TO_ANTHROPIC:
            _, assistant, tool = second["body"]["messages"]
            (call,) = assistant["tool_calls"]
            self.assertEqual(json.loads(call["function"]["arguments"]), {"city": "Århus"})
            self.assertEqual((tool["role"], tool["tool_call_id"]), ("tool", call["id"]))

    def test_failed_result_with_an_image_arrives(self):
        messages = user("[[call get_weather]]")
        answer = self.create(messages)
        use = answer.content[-1]
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
        result = {
            "type": "tool_result",
            "tool_use_id": use.id,
            "is_error": True,
            "content": [{"type": "text", "text": "no network"}, image],
        }
        messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
        self.create(messages)
        second = self.seen()[1]
        self.assertIsNone(second["refused_by"])
        self.assertIn(PNG, json.dumps(second["body"]), "the image in the tool result was lost")
        self.assertIn("no network", json.dumps(second["body"]))

    def test_parallel_calls_and_their_results(self):
        messages = user('[[call get_weather {"city": "Oslo"}]] [[call get_weather {"city": "Rome"}]]')
        answer = self.create(messages)
        uses = [block for block in answer.content if block.type == "tool_use"]
        self.assertEqual([use.input["city"] for use in uses], ["Oslo", "Rome"])
        self.assertEqual(len({use.id for use in uses}), 2)
        results = [{"type": "tool_result", "tool_use_id": use.id, "content": "fine"} for use in uses]
        messages += [
            {"role": "assistant", "content": answer.content},
            {"role": "user", "content": results + [{"type": "text", "text": "And?"}]},
        ]
        self.create(messages)
        self.assertIsNone(self.seen()[1]["refused_by"])

    def test_streamed_calls(self):
        messages = user('[[call get_weather {"city": "Oslo"}]] [[call get_weather {"city": "Rome"}]]')
        with self.client.messages.stream(
            model=PLAIN, max_tokens=300, messages=messages, tools=[WEATHER]
        ) as stream:
            kinds = [event.type for event in stream]
            answer = stream.get_final_message()
        uses = [block for block in answer.content if block.type == "tool_use"]
        self.assertEqual([use.input["city"] for use in uses], ["Oslo", "Rome"])
        self.assertEqual(answer.stop_reason, "tool_use")
        self.assertEqual(kinds.count("content_block_start"), kinds.count("content_block_stop"))
        self.assertEqual(kinds.count("content_block_start"), len(answer.content))

    def test_choices(self):
        for choice, expected in [
            ({"type": "none"}, "none"),
            ({"type": "auto"}, "auto"),
            ({"type": "any"}, "required"),
            ({"type": "tool", "name": "get_weather"}, {"type": "function", "function": {"name": "get_weather"}}),
        ]:
            with self.subTest(choice=choice):
                answer = self.create(user("Hi"), tool_choice=choice)
                body = self.seen()[-1]["body"]
                if TO_GEMINI:
                    mode = {"none": "NONE", "auto": "AUTO"}.get(choice["type"], "ANY")
                    self.assertEqual(body["toolConfig"]["functionCallingConfig"]["mode"], mode)
                else:
                    self.assertEqual(body["tool_choice"], choice if TO_ANTHROPIC else expected)
                self.assertEqual(answer.stop_reason == "tool_use", choice["type"] in ("any", "tool"))

    def test_parallel_use_disabled(self):
        choice = {"type": "auto", "disable_parallel_tool_use": True}
        if TO_GEMINI:
            # Gemini cannot be told so, and the gateway does not pretend.
            with self.assertRaises(anthropic.BadRequestError):
                self.create(user("Hi"), tool_choice=choice)
            self.assertEqual(self.seen(), [])
            return
        self.create(user("Hi"), tool_choice=choice)
        body = self.seen_once()
        if TO_ANTHROPIC:
            self.assertIs(body["tool_choice"]["disable_parallel_tool_use"], True)
        else:
            self.assertIs(body["parallel_tool_calls"], False)


class Structured(Case):
    client = sync_client()

    def test_parse(self):
        answer = self.client.messages.parse(
            model=PLAIN, max_tokens=300, messages=user("Oslo"), output_format=City
        )
        self.assertIsInstance(answer.parsed_output, City)
        body = self.seen_once()
        if TO_GEMINI:
            schema = body["generationConfig"]["responseJsonSchema"]
        elif TO_ANTHROPIC:
            schema = body["output_config"]["format"]["schema"]
        else:
            schema = body["response_format"]["json_schema"]["schema"]
        self.assertEqual(sorted(schema["properties"]), ["inhabitants", "is_capital", "name"])

    def test_thinking_and_its_way_back(self):
        messages = user("[[think]] [[call get_weather]]")
        options = {"max_tokens": 4000, "tools": [WEATHER], "thinking": {"type": "adaptive", "display": "summarized"}}
        answer = self.client.messages.create(model=REASONING, messages=messages, **options)
        use = next(block for block in answer.content if block.type == "tool_use")
        if TO_ANTHROPIC:
            self.assertEqual(answer.content[0].type, "thinking")
            self.assertTrue(answer.content[0].signature)
        messages.append({"role": "assistant", "content": answer.content})
        messages.append(
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "fine"}]}
        )
        answer = self.client.messages.create(model=REASONING, messages=messages, **options)
        self.assertIn("fine", answer.content[-1].text)
        self.assertIsNone(self.seen()[1]["refused_by"])


class Models(Case):
    def test_count_of_messages_is_not_lost_in_a_long_talk(self):
        messages = []
        for at in range(6):
            messages += [{"role": "user", "content": f"question {at}"}, {"role": "assistant", "content": f"answer {at}"}]
        messages += user("last")
        answer = sync_client().messages.create(model=PLAIN, max_tokens=50, messages=messages)
        self.assertEqual(answer.content[0].text, "last")
        self.assertEqual(len(self.seen_once()["contents" if TO_GEMINI else "messages"]), 13)


class Async(Case):
    def run_with(self, work):
        async def main():
            async with anthropic.AsyncAnthropic(base_url=GATEWAY, api_key=CALLER_KEY, max_retries=0) as client:
                return await work(client)

        return asyncio.run(main())

    def test_text_and_stream_side_by_side(self):
        async def work(client):
            async def whole(at):
                answer = await client.messages.create(model=PLAIN, max_tokens=50, messages=user(f"number {at}"))
                return answer.content[0].text

            async def streamed(at):
                async with client.messages.stream(
                    model=PLAIN, max_tokens=50, messages=user(f"number {at}")
                ) as stream:
                    return await stream.get_final_text()

            return await asyncio.gather(*[whole(at) if at % 2 else streamed(at) for at in range(20)])

        self.assertEqual(self.run_with(work), [f"number {at}" for at in range(20)])
        self.assertEqual(len(self.seen()), 20)

    def test_tools(self):
        async def work(client):
            return await client.messages.create(
                model=PLAIN, max_tokens=99, messages=user("Hi"), tools=[WEATHER], tool_choice={"type": "any"}
            )

        self.assertEqual(self.run_with(work).stop_reason, "tool_use")

    def test_leaving_a_stream_cancels_the_call(self):
        self.play(always="tokens=500; token-every=50ms")

        async def work(client):
            stream = await client.messages.create(model=PLAIN, max_tokens=900, messages=user("count"), stream=True)
            async for event in stream:
                if event.type == "content_block_delta":
                    break
            await stream.close()

        self.run_with(work)
        self.assertEqual(control("/cancelled"), {"cancelled": 1})
