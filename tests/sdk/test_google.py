"""The official Google SDK (`google-genai`), unmodified, through the gateway."""

import asyncio
import base64
import json

from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from world import CALLER_KEY, GATEWAY, PLAIN, PLAIN_MODEL, PNG, REASONING, TO_ANTHROPIC, TO_GEMINI, Case

WEATHER = types.FunctionDeclaration(
    name="get_weather",
    description="The weather of a city.",
    parameters_json_schema={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
)

# What a failure of the provider becomes: the status, and the SDK's exception for it.
EXPECTED = {
    "status=400": (400, errors.ClientError),
    "status=401": (502, errors.ServerError),
    "error=model-not-found": (502, errors.ServerError),
    "status=429; retry-after=7s": (429, errors.ClientError),
    "error=quota": (503, errors.ServerError),
    "status=500": (502, errors.ServerError),
    "status=503": (503, errors.ServerError),
    "reset": (502, errors.ServerError),
    "html": (502, errors.ServerError),
    "empty-choices": (502, errors.ServerError),
    "error=context-length": (400, errors.ClientError),
}


class City(BaseModel):
    """What structured output is asked for."""

    name: str
    inhabitants: int
    is_capital: bool


def client():
    once = types.HttpRetryOptions(attempts=1)
    return genai.Client(
        api_key=CALLER_KEY, http_options=types.HttpOptions(base_url=GATEWAY, retry_options=once)
    )


def user(*parts):
    return types.Content(role="user", parts=[types.Part(text=part) if isinstance(part, str) else part for part in parts])


class Google(Case):
    @classmethod
    def setUpClass(cls):
        # It ends with its client.
        cls.client = client()
        cls.models = cls.client.models

    def create(self, contents, model=PLAIN, **config):
        config = types.GenerateContentConfig(
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True), **config
        )
        return self.models.generate_content(model=model, contents=contents, config=config)

    def stream(self, contents, model=PLAIN, **config):
        config = types.GenerateContentConfig(
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True), **config
        )
        return list(self.models.generate_content_stream(model=model, contents=contents, config=config))

    def assert_usage(self, usage):
        told = self.told()
        self.assertGreater(told["output"], 0)
        self.assertEqual(usage.prompt_token_count, told["input"])
        self.assertEqual((usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0), told["output"])
        self.assertEqual(usage.total_token_count, told["input"] + told["output"])

    def test_text(self):
        answer = self.create("Grüße, 世界 👋")
        self.assertEqual(answer.text, "Grüße, 世界 👋")
        (candidate,) = answer.candidates
        self.assertEqual((candidate.finish_reason, candidate.content.role), (types.FinishReason.STOP, "model"))
        self.assertEqual(answer.model_version, PLAIN_MODEL)
        self.assertTrue(answer.response_id)
        self.assert_usage(answer.usage_metadata)
        self.seen_once()
        self.assertEqual(self.seen()[0]["model"], PLAIN_MODEL)

    def test_stream(self):
        text = "one two three four five six"
        chunks = self.stream(text)
        pieces = [chunk.text for chunk in chunks if chunk.text]
        self.assertGreater(len(pieces), 3, "the answer came in one piece")
        self.assertEqual("".join(pieces), text)
        finishes = [chunk.candidates[0].finish_reason for chunk in chunks if chunk.candidates]
        self.assertEqual([finish for finish in finishes if finish], [types.FinishReason.STOP])
        self.assert_usage(chunks[-1].usage_metadata)
        self.seen_once()
        self.assertIs(self.seen()[0]["streamed"], True)

    def test_system_instruction_and_parameters(self):
        self.create("Hi", system_instruction="Be brief.", temperature=0.5, max_output_tokens=50, stop_sequences=["STOP"])
        body = self.seen_once()
        self.assertIn("Be brief.", json.dumps(body))
        if TO_GEMINI:
            config = body["generationConfig"]
            got = (config["temperature"], config["maxOutputTokens"], config["stopSequences"])
        elif TO_ANTHROPIC:
            got = (body["temperature"], body["max_tokens"], body["stop_sequences"])
        else:
            got = (body["temperature"], body["max_completion_tokens"], body["stop"])
        self.assertEqual(got, (0.5, 50, ["STOP"]))

    def test_image(self):
        image = types.Part.from_bytes(data=base64.b64decode(PNG), mime_type="image/png")
        answer = self.create([user("What is it?", image)])
        self.assertEqual(answer.candidates[0].finish_reason, types.FinishReason.STOP)
        # The SDK writes base64 in the alphabet for URLs, which only Gemini reads.
        sent = json.dumps(self.seen_once())
        of_urls = PNG.replace("+", "-").replace("/", "_")
        self.assertTrue(PNG in sent or (TO_GEMINI and of_urls in sent), "the image was lost")

    def test_finish_reasons(self):
        answer = self.create("one two three four five six", max_output_tokens=3)
        self.assertEqual(answer.candidates[0].finish_reason, types.FinishReason.MAX_TOKENS)
        self.assertEqual(answer.usage_metadata.candidates_token_count, 3)
        self.assertEqual(self.create("before HALT after", stop_sequences=["HALT"]).text.strip(), "before")

    def test_refusal_is_no_success(self):
        answer = self.create("[[refuse]]")
        blocked = answer.prompt_feedback and answer.prompt_feedback.block_reason
        safety = answer.candidates and answer.candidates[0].finish_reason == types.FinishReason.SAFETY
        self.assertTrue(blocked or safety, answer)

    def test_single_call_and_its_result(self):
        tools = [types.Tool(function_declarations=[WEATHER])]
        contents = [user('Look: [[call get_weather {"city": "Århus"}]]')]
        for model in (PLAIN, REASONING):
            with self.subTest(model=model):
                self.setUp()
                answer = self.create(contents, model=model, tools=tools)
                (call,) = answer.function_calls
                self.assertEqual((call.name, call.args), ("get_weather", {"city": "Århus"}))
                response = types.Part.from_function_response(name="get_weather", response={"result": "9 degrees"})
                response.function_response.id = call.id
                answer = self.create([*contents, answer.candidates[0].content, user(response)], model=model, tools=tools)
                self.assertIn("9 degrees", answer.text)
                self.assertIsNone(self.seen()[1]["refused_by"])

    def test_parallel_calls_whole_and_streamed(self):
        tools = [types.Tool(function_declarations=[WEATHER])]
        contents = [user('[[call get_weather {"city": "Oslo"}]] [[call get_weather {"city": "Rome"}]]')]
        answer = self.create(contents, tools=tools)
        calls = answer.function_calls
        self.assertEqual([call.args["city"] for call in calls], ["Oslo", "Rome"])
        responses = []
        for call in calls:
            response = types.Part.from_function_response(name=call.name, response={"result": "fine"})
            response.function_response.id = call.id
            responses.append(response)
        self.create([*contents, answer.candidates[0].content, user(*responses)], tools=tools)
        self.assertIsNone(self.seen()[1]["refused_by"])
        streamed = [call for chunk in self.stream(contents, tools=tools) for call in chunk.function_calls or []]
        self.assertEqual([call.args["city"] for call in streamed], ["Oslo", "Rome"])

    def test_choices(self):
        tools = [types.Tool(function_declarations=[WEATHER])]
        for mode, calls in [("NONE", False), ("AUTO", False), ("ANY", True)]:
            with self.subTest(mode=mode):
                choice = types.ToolConfig(function_calling_config=types.FunctionCallingConfig(mode=mode))
                self.assertEqual(bool(self.create("Hi", tools=tools, tool_config=choice).function_calls), calls)

    def test_structured_output(self):
        json_schema = {"response_json_schema": City.model_json_schema() | {"additionalProperties": False}}
        for schema in ({"response_schema": City}, json_schema):
            with self.subTest(schema=list(schema)):
                answer = self.create("Oslo", response_mime_type="application/json", **schema)
                City.model_validate_json(answer.text)

    def test_failures_raise_the_right_exception(self):
        for number, (behaviour, (status, expected)) in enumerate(EXPECTED.items()):
            for streamed in (False, True):
                with self.subTest(failure=behaviour, streamed=streamed):
                    self.setUp()
                    name = FAILING[number] + ("-streamed" if streamed else "") + "-google"
                    self.play(always=behaviour, model=f"{PLAIN_MODEL}-{name}")
                    with self.assertRaises(expected) as caught:
                        (self.stream if streamed else self.create)("Hi", model=name)
                    self.assertEqual(caught.exception.code, status)
                    self.assertTrue(caught.exception.message)
                    self.assertTrue(caught.exception.status)
                    self.assertEqual(len(self.seen()), 1, "the SDK or the gateway tried again")

    def test_own_mistakes(self):
        with self.assertRaises(errors.ClientError) as caught:
            self.create("Hi", model="no-such-chain")
        self.assertEqual((caught.exception.code, caught.exception.status), (404, "NOT_FOUND"))

    def test_errors_of_a_stream_that_dies_are_raised(self):
        self.play(always="tokens=60; dies=40 reset")
        got = []
        with self.assertRaises(Exception):
            for chunk in self.models.generate_content_stream(model=PLAIN, contents="count"):
                got.append(chunk)
        self.assertGreater(len(got), 10)
        self.assertTrue(all(not chunk.candidates or chunk.candidates[0].finish_reason is None for chunk in got))

    def test_async(self):
        async def main():
            whole_client = client()
            models = whole_client.aio.models

            async def whole(at):
                return (await models.generate_content(model=PLAIN, contents=f"number {at}")).text

            async def streamed(at):
                stream = await models.generate_content_stream(model=PLAIN, contents=f"number {at}")
                return "".join([chunk.text or "" async for chunk in stream])

            return await asyncio.gather(*[whole(at) if at % 2 else streamed(at) for at in range(10)])

        self.assertEqual(asyncio.run(main()), [f"number {at}" for at in range(10)])


# The chains of the failures above, each with a provider of its own (tests/sdk/failures.txt).
FAILING = ["e400", "e401", "e404", "e429", "quota", "e500", "e503", "reset", "html", "empty", "window"]
