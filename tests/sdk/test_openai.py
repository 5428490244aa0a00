"""The official OpenAI SDK, unmodified, through the gateway."""

import asyncio
import json

import openai
from pydantic import BaseModel

from world import (
    CALLER_KEY,
    GATEWAY,
    PLAIN,
    PLAIN_MODEL,
    PNG,
    REASONING,
    TO_ANTHROPIC,
    TO_GEMINI,
    UPSTREAM,
    Case,
    control,
)

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


class City(BaseModel):
    """What structured output is asked for."""

    name: str
    inhabitants: int
    is_capital: bool


def sync_client(**options):
    return openai.OpenAI(base_url=GATEWAY + "/v1", api_key=CALLER_KEY, max_retries=0, **options)


def user(text):
    return [{"role": "user", "content": text}]


class Talk(Case):
    client = sync_client()

    def create(self, messages, **options):
        return self.client.chat.completions.create(model=PLAIN, messages=messages, **options)

    def assert_usage(self, usage):
        told = self.told()
        self.assertGreater(told["output"], 0)
        self.assertEqual(usage.prompt_tokens, told["input"])
        self.assertEqual(usage.completion_tokens, told["output"])
        self.assertEqual(usage.total_tokens, told["input"] + told["output"])

    def test_text(self):
        answer = self.create(user("Grüße, 世界 👋"))
        self.assertEqual(answer.object, "chat.completion")
        self.assertEqual(answer.model, PLAIN_MODEL)
        self.assertEqual(len(answer.choices), 1)
        choice = answer.choices[0]
        self.assertEqual((choice.index, choice.finish_reason), (0, "stop"))
        self.assertEqual((choice.message.role, choice.message.content), ("assistant", "Grüße, 世界 👋"))
        self.assertIsNone(choice.message.tool_calls)
        self.assert_usage(answer.usage)
        body = self.seen_once()
        self.assertEqual(self.seen()[0]["model"], PLAIN_MODEL)
        turns = body["contents" if TO_GEMINI else "messages"]
        self.assertEqual([turn["role"] for turn in turns], ["user"])
        if TO_ANTHROPIC:
            self.assertGreater(body["max_tokens"], 0)

    def test_raw_response_shows_the_gateways_headers(self):
        raw = self.client.chat.completions.with_raw_response.create(model=PLAIN, messages=user("Hi"))
        self.assertEqual(raw.headers["x-backstop-attempts"], "1")
        self.assertIn(PLAIN_MODEL, raw.headers["x-backstop-target"])
        self.assertTrue(raw.headers["x-backstop-request-id"])
        self.assertEqual(raw.parse().choices[0].message.content, "Hi")

    def test_stream(self):
        text = "one two three four five six"
        chunks = list(self.create(user(text), stream=True, stream_options={"include_usage": True}))
        self.assertEqual({chunk.id for chunk in chunks}, {chunks[0].id})
        self.assertEqual({chunk.model for chunk in chunks}, {PLAIN_MODEL})
        *body, last = chunks
        self.assertEqual(last.choices, [])
        self.assert_usage(last.usage)
        self.assertTrue(all(chunk.usage is None for chunk in body))
        pieces = [chunk.choices[0].delta.content for chunk in body if chunk.choices[0].delta.content]
        self.assertGreater(len(pieces), 3, "the answer came in one piece")
        self.assertEqual("".join(pieces), text)
        self.assertEqual(body[0].choices[0].delta.role, "assistant")
        finishes = [chunk.choices[0].finish_reason for chunk in body if chunk.choices[0].finish_reason]
        self.assertEqual(finishes, ["stop"])
        self.seen_once()
        self.assertIs(self.seen()[0]["streamed"], True)

    def test_stream_without_usage_gives_none(self):
        chunks = list(self.create(user("a b c"), stream=True))
        self.assertTrue(all(chunk.usage is None and len(chunk.choices) == 1 for chunk in chunks))
        self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in chunks), "a b c")

    def test_stream_helper_adds_up(self):
        with self.client.chat.completions.stream(model=PLAIN, messages=user("a b c d")) as stream:
            kinds = [event.type for event in stream]
            answer = stream.get_final_completion()
        self.assertIn("content.delta", kinds)
        self.assertEqual(kinds.count("content.done"), 1)
        self.assertEqual(answer.choices[0].message.content, "a b c d")
        self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_system_and_developer_prompts(self):
        self.create(
            [
                {"role": "system", "content": "Be brief."},
                {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
                {"role": "user", "content": "Hi"},
            ]
        )
        body = self.seen_once()
        if TO_GEMINI:
            parts = [part["text"] for part in body["systemInstruction"]["parts"]]
            self.assertEqual(parts, ["Be brief.", "Be kind."])
            self.assertEqual([turn["role"] for turn in body["contents"]], ["user"])
        elif TO_ANTHROPIC:
            self.assertIn("Be brief.", json.dumps(body["system"]))
            self.assertIn("Be kind.", json.dumps(body["system"]))
            self.assertEqual([message["role"] for message in body["messages"]], ["user"])
        else:
            self.assertEqual([message["role"] for message in body["messages"]], ["system", "developer", "user"])

    def test_parameters_arrive(self):
        self.create(user("Hi"), temperature=0.5, max_completion_tokens=50, stop=["STOP"], user="u-1")
        body = self.seen_once()
        if TO_GEMINI:
            expected = {"temperature": 0.5, "maxOutputTokens": 50, "stopSequences": ["STOP"]}
            self.assertEqual(body["generationConfig"], expected)
            return
        self.assertEqual(body["temperature"], 0.5)
        if TO_ANTHROPIC:
            self.assertEqual((body["max_tokens"], body["stop_sequences"]), (50, ["STOP"]))
            self.assertEqual(body["metadata"], {"user_id": "u-1"})
        else:
            self.assertEqual((body["max_completion_tokens"], body["stop"]), (50, ["STOP"]))
            self.assertEqual(body["user"], "u-1")

    def test_image(self):
        url = f"data:image/png;base64,{PNG}"
        parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]
        answer = self.create(user(parts))
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        if TO_GEMINI:
            inline = {"inlineData": {"mimeType": "image/png", "data": PNG}}
            self.assertEqual(self.seen_once()["contents"][0]["parts"], [{"text": "What is it?"}, inline])
            return
        content = self.seen_once()["messages"][0]["content"]
        self.assertEqual([part["type"] for part in content], ["text", "image" if TO_ANTHROPIC else "image_url"])
        if TO_ANTHROPIC:
            self.assertEqual(content[1]["source"], {"type": "base64", "media_type": "image/png", "data": PNG})
        else:
            self.assertEqual(content[1]["image_url"]["url"], url)

    def test_image_by_url(self):
        url = "https://example.com/a.png"
        self.create(user([{"type": "image_url", "image_url": {"url": url}}]))
        if TO_GEMINI:
            (part,) = self.seen_once()["contents"][0]["parts"]
            self.assertEqual(part, {"fileData": {"mimeType": "image/png", "fileUri": url}})
            return
        part = self.seen_once()["messages"][0]["content"][0]
        self.assertEqual(part["source"]["url"] if TO_ANTHROPIC else part["image_url"]["url"], url)

    def test_finish_length(self):
        answer = self.create(user("one two three four five six seven"), max_completion_tokens=3)
        self.assertEqual(answer.choices[0].finish_reason, "length")
        self.assertEqual(answer.usage.completion_tokens, 3)
        chunks = list(self.create(user("one two three four five"), max_completion_tokens=3, stream=True))
        self.assertEqual(chunks[-1].choices[0].finish_reason, "length")

    def test_finish_stop_sequence(self):
        answer = self.create(user("before HALT after"), stop=["HALT"])
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.choices[0].message.content.strip(), "before")

    def test_finish_refusal_is_no_success(self):
        answer = self.create(user("[[refuse]]"))
        choice = answer.choices[0]
        self.assertTrue(choice.finish_reason == "content_filter" or choice.message.refusal, choice)

    def test_errors_of_a_stream_that_dies_are_raised(self):
        self.play(always="tokens=60; dies=40 reset")
        got = []
        with self.assertRaises(openai.APIError) as caught:
            for chunk in self.create(user("count"), stream=True):
                got.append(chunk)
        self.assertGreater(len(got), 10)
        self.assertTrue(caught.exception.message)
        self.assertTrue(all(chunk.choices[0].finish_reason is None for chunk in got if chunk.choices))


class Tools(Case):
    client = sync_client()

    def create(self, messages, **options):
        return self.client.chat.completions.create(model=PLAIN, messages=messages, tools=[WEATHER], **options)

    def test_single_call_and_its_result(self):
        messages = user('Look: [[call get_weather {"city": "Århus"}]]')
        answer = self.create(messages)
        choice = answer.choices[0]
        self.assertEqual(choice.finish_reason, "tool_calls")
        (call,) = choice.message.tool_calls
        self.assertEqual((call.type, call.function.name), ("function", "get_weather"))
        self.assertEqual(json.loads(call.function.arguments), {"city": "Århus"})
        body = self.seen_once()
        if TO_GEMINI:
            tool = body["tools"][0]["functionDeclarations"][0]
        else:
            tool = body["tools"][0] if TO_ANTHROPIC else body["tools"][0]["function"]
        self.assertEqual(tool["name"], "get_weather")
        schema = tool[{"anthropic": "input_schema", "gemini": "parametersJsonSchema"}.get(UPSTREAM, "parameters")]
        self.assertEqual(schema, WEATHER["function"]["parameters"])

        messages.append(choice.message)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "9 degrees"})
        answer = self.create(messages)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertIn("9 degrees", answer.choices[0].message.content)
        second = self.seen()[1]
        self.assertIsNone(second["refused_by"])
        if TO_GEMINI:
            _, model, user_turn = second["body"]["contents"]
            self.assertEqual(model["parts"][-1]["functionCall"]["args"], {"city": "Århus"})
            response = user_turn["parts"][0]["functionResponse"]
            self.assertEqual((response["name"], response["response"]), ("get_weather", {"result": "9 degrees"}))
        elif TO_ANTHROPIC:
            use = second["body"]["messages"][1]["content"][-1]
            result = second["body"]["messages"][2]["content"][0]
            self.assertEqual((use["type"], use["input"]), ("tool_use", {"city": "Århus"}))
            self.assertEqual((result["type"], result["tool_use_id"]), ("tool_result", use["id"]))
        else:
            self.assertEqual(second["body"]["messages"][2]["tool_call_id"], call.id)

    def test_parallel_calls_and_their_results(self):
        messages = user('[[call get_weather {"city": "Oslo"}]] [[call get_weather {"city": "Rome"}]]')
        message = self.create(messages).choices[0].message
        calls = message.tool_calls
        self.assertEqual([json.loads(call.function.arguments)["city"] for call in calls], ["Oslo", "Rome"])
        self.assertEqual(len({call.id for call in calls}), 2)
        messages.append(message)
        for call in calls:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": "fine"})
        self.create(messages)
        second = self.seen()[1]
        self.assertIsNone(second["refused_by"])
        if TO_ANTHROPIC:
            self.assertEqual([turn["role"] for turn in second["body"]["messages"]], ["user", "assistant", "user"])

    def test_parallel_calls_forbidden(self):
        if TO_GEMINI:
            # Gemini cannot be told so, and the gateway does not pretend.
            with self.assertRaises(openai.BadRequestError):
                self.create(user("Hi"), parallel_tool_calls=False)
            self.assertEqual(self.seen(), [])
            return
        self.create(user("Hi"), parallel_tool_calls=False)
        body = self.seen_once()
        if TO_ANTHROPIC:
            self.assertIs(body["tool_choice"]["disable_parallel_tool_use"], True)
        else:
            self.assertIs(body["parallel_tool_calls"], False)

    def test_streamed_calls(self):
        messages = user('[[call get_weather {"city": "Oslo"}]] [[call get_weather {"city": "Rome"}]]')
        calls, finish = {}, []
        for chunk in self.create(messages, stream=True):
            choice = chunk.choices[0]
            if choice.finish_reason:
                finish.append(choice.finish_reason)
            for piece in choice.delta.tool_calls or []:
                call = calls.setdefault(piece.index, {"id": piece.id, "name": piece.function.name, "arguments": ""})
                call["arguments"] += piece.function.arguments or ""
        self.assertEqual(finish, ["tool_calls"])
        self.assertEqual(sorted(calls), [0, 1])
        self.assertEqual([json.loads(calls[at]["arguments"])["city"] for at in (0, 1)], ["Oslo", "Rome"])
        self.assertTrue(all(call["id"] and call["name"] == "get_weather" for call in calls.values()))

    def test_choices(self):
        for choice, expected in [
            ("none", {"type": "none"}),
            ("auto", {"type": "auto"}),
            ("required", {"type": "any"}),
            ({"type": "function", "function": {"name": "get_weather"}}, {"type": "tool", "name": "get_weather"}),
        ]:
            with self.subTest(choice=choice):
                answer = self.create(user("Hi"), tool_choice=choice)
                if TO_GEMINI:
                    calling = self.seen()[-1]["body"]["toolConfig"]["functionCallingConfig"]
                    mode = {"none": "NONE", "auto": "AUTO"}.get(expected["type"], "ANY")
                    names = {"allowedFunctionNames": ["get_weather"]} if expected["type"] == "tool" else {}
                    self.assertEqual(calling, {"mode": mode} | names)
                else:
                    self.assertEqual(self.seen()[-1]["body"]["tool_choice"], expected if TO_ANTHROPIC else choice)
                self.assertEqual(bool(answer.choices[0].message.tool_calls), choice not in ("none", "auto"))


class Structured(Case):
    client = sync_client()

    def test_parse(self):
        answer = self.client.chat.completions.parse(model=PLAIN, messages=user("Oslo"), response_format=City)
        self.assertIsInstance(answer.choices[0].message.parsed, City)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        body = self.seen_once()
        if TO_GEMINI:
            self.assertEqual(body["generationConfig"]["responseMimeType"], "application/json")
            schema = body["generationConfig"]["responseJsonSchema"]
        elif TO_ANTHROPIC:
            schema = body["output_config"]["format"]["schema"]
        else:
            self.assertIs(body["response_format"]["json_schema"]["strict"], True)
            schema = body["response_format"]["json_schema"]["schema"]
        self.assertEqual(sorted(schema["properties"]), ["inhabitants", "is_capital", "name"])
        self.assertIs(schema["additionalProperties"], False)

    def test_parse_in_a_stream(self):
        with self.client.chat.completions.stream(model=PLAIN, messages=user("Oslo"), response_format=City) as stream:
            answer = stream.get_final_completion()
        self.assertIsInstance(answer.choices[0].message.parsed, City)

    def test_schema_by_hand(self):
        schema = City.model_json_schema() | {"additionalProperties": False}
        answer = self.client.chat.completions.create(
            model=PLAIN,
            messages=user("Oslo"),
            response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema, "strict": True}},
        )
        City.model_validate_json(answer.choices[0].message.content)

    def test_reasoning_effort(self):
        answer = self.client.chat.completions.create(model=REASONING, messages=user("Hi"), reasoning_effort="low")
        self.assertEqual(answer.choices[0].message.content, "Hi")
        body = self.seen_once()
        if TO_GEMINI:
            self.assertEqual(body["generationConfig"]["thinkingConfig"]["thinkingLevel"], "LOW")
        elif TO_ANTHROPIC:
            self.assertEqual(body["output_config"]["effort"], "low")
        else:
            self.assertEqual(body["reasoning_effort"], "low")

    def test_reasoning_tokens_are_counted(self):
        answer = self.client.chat.completions.create(
            model=REASONING, messages=user("[[think]] Hi"), reasoning_effort="low"
        )
        told = self.told()
        self.assertGreater(told["reasoning"], 0)
        self.assertEqual(answer.usage.completion_tokens, told["output"])
        self.assertEqual(answer.usage.completion_tokens_details.reasoning_tokens, told["reasoning"])


class Models(Case):
    def test_models_are_listed(self):
        names = [model.id for model in sync_client().models.list()]
        self.assertIn(PLAIN, names)
        self.assertIn(REASONING, names)


class Async(Case):
    def run_with(self, work):
        async def main():
            async with openai.AsyncOpenAI(
                base_url=GATEWAY + "/v1", api_key=CALLER_KEY, max_retries=0
            ) as client:
                return await work(client)

        return asyncio.run(main())

    def test_text_and_stream_side_by_side(self):
        async def work(client):
            async def whole(at):
                answer = await client.chat.completions.create(model=PLAIN, messages=user(f"number {at}"))
                return answer.choices[0].message.content

            async def streamed(at):
                stream = await client.chat.completions.create(
                    model=PLAIN, messages=user(f"number {at}"), stream=True
                )
                return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

            both = [whole(at) if at % 2 else streamed(at) for at in range(20)]
            return await asyncio.gather(*both)

        self.assertEqual(self.run_with(work), [f"number {at}" for at in range(20)])
        self.assertEqual(len(self.seen()), 20)

    def test_tools(self):
        async def work(client):
            return await client.chat.completions.create(
                model=PLAIN, messages=user("Hi"), tools=[WEATHER], tool_choice="required"
            )

        answer = self.run_with(work)
        self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
        json.loads(answer.choices[0].message.tool_calls[0].function.arguments)

    def test_leaving_a_stream_cancels_the_call(self):
        self.play(always="tokens=500; token-every=50ms")

        async def work(client):
            stream = await client.chat.completions.create(model=PLAIN, messages=user("count"), stream=True)
            async for chunk in stream:
                if chunk.choices[0].delta.content:
                    break
            await stream.close()

        self.run_with(work)
        self.assertEqual(control("/cancelled"), {"cancelled": 1})
