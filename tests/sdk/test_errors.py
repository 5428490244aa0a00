"""What each failure of a provider becomes in the hands of both official SDKs: the right exception, once."""

import asyncio
import time

import anthropic
import openai

from world import CALLER_KEY, FAILURES, GATEWAY, PLAIN, PLAIN_MODEL, TO_ANTHROPIC, TO_GEMINI, Case

# For each failure that a provider plays: the status that callers get, and the exceptions of both SDKs for it.
EXPECTED = {
    "e400": (400, openai.BadRequestError, anthropic.BadRequestError),
    "e401": (502, openai.InternalServerError, anthropic.InternalServerError),
    "e402": (503, openai.InternalServerError, anthropic.ServiceUnavailableError),
    "e403": (502, openai.InternalServerError, anthropic.InternalServerError),
    "e404": (502, openai.InternalServerError, anthropic.InternalServerError),
    "e413": (413, openai.APIStatusError, anthropic.ContentTooLargeError),
    "e429": (429, openai.RateLimitError, anthropic.RateLimitError),
    "quota": (503, openai.InternalServerError, anthropic.ServiceUnavailableError),
    "e500": (502, openai.InternalServerError, anthropic.InternalServerError),
    "e503": (503, openai.InternalServerError, anthropic.ServiceUnavailableError),
    "e529": (503, openai.InternalServerError, anthropic.ServiceUnavailableError),
    "reset": (502, openai.InternalServerError, anthropic.InternalServerError),
    "silence": (504, openai.InternalServerError, anthropic.GatewayTimeoutError),
    "html": (502, openai.InternalServerError, anthropic.InternalServerError),
    "empty": (502, openai.InternalServerError, anthropic.InternalServerError),
    "window": (400, openai.BadRequestError, anthropic.BadRequestError),
    "policy": (400, openai.BadRequestError, anthropic.BadRequestError),
}

USER = [{"role": "user", "content": "Hi"}]


class Failures(Case):
    """Both SDKs with their default retries: an error of the gateway says that trying again does not help."""

    def each(self, run, kind):
        # No failure without an expectation, and none expected that nobody plays.
        self.assertEqual(list(FAILURES), list(EXPECTED))
        for name, behaviour in FAILURES.items():
            status, of_openai, of_anthropic = EXPECTED[name]
            for streamed in (False, True):
                with self.subTest(failure=name, streamed=streamed):
                    self.setUp()
                    chain = name + ("-streamed" if streamed else "") + kind
                    self.play(always=behaviour, model=f"{PLAIN_MODEL}-{chain}")
                    expected = of_openai if kind == "-openai" else of_anthropic
                    started = time.monotonic()
                    error = run(chain, expected, streamed)
                    self.assertLess(time.monotonic() - started, 4)
                    self.assertEqual(error.status_code, status)
                    self.assertEqual(len(self.seen()), 1, "the SDK or the gateway tried again")
                    self.assertEqual(error.response.headers["x-should-retry"], "false")
                    self.assertEqual(error.response.headers["x-backstop-attempts"], "1")
                    if name == "e429":
                        self.assertIn(error.response.headers["retry-after"], ("6", "7"))
                    self.check(error, name)

    def check(self, error, name):
        raise NotImplementedError


class OpenAI(Failures):
    client = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=CALLER_KEY)

    def create(self, model, **options):
        return self.client.chat.completions.create(model=model, messages=USER, **options)

    def test_failures(self):
        def run(chain, expected, streamed):
            with self.assertRaises(expected) as caught:
                self.create(chain, stream=streamed)
            self.assertNotIsInstance(caught.exception, openai.AuthenticationError)
            return caught.exception

        self.each(run, "-openai")

    def check(self, error, name):
        self.assertTrue(error.body["message"])
        self.assertTrue(error.body["error_type"])
        if name == "window":
            self.assertEqual(error.code, "context_length_exceeded")
            self.assertEqual(error.body["error_type"], "context_length_exceeded")
        if name == "policy":
            self.assertEqual(error.body["error_type"], "content_policy_violation")
        if name == "e429":
            self.assertEqual(error.code, "rate_limit_exceeded")

    def test_own_mistakes(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.create("no-such-chain")
        self.assertEqual(caught.exception.code, "model_not_found")
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model=PLAIN, messages=[{"role": "bogus", "content": "Hi"}])
        self.assertRegex(caught.exception.message, "bogus|role")
        with self.assertRaises(openai.BadRequestError):
            self.client.chat.completions.create(model=PLAIN, messages=[])
        # Within one dialect the provider may be asked: its answer is the better one.
        self.assertTrue(all(request["refused_by"] for request in self.seen()))

    def test_a_named_model_that_is_not_there(self):
        self.play(always="error=model-not-found", model="vanished")
        with self.assertRaises(openai.NotFoundError):
            self.create("gone-openai/vanished")

    def test_the_callers_own_timeout(self):
        self.play(always="head-after=5s")
        client = self.client.with_options(timeout=0.3, max_retries=0)
        with self.assertRaises(openai.APITimeoutError):
            client.chat.completions.create(model=PLAIN, messages=USER)

    def test_a_retry_of_the_gateway_is_none_of_the_caller(self):
        self.play("status=500", model=f"{PLAIN_MODEL}-retried")
        raw = self.client.chat.completions.with_raw_response.create(model="retried", messages=USER)
        self.assertEqual(raw.parse().choices[0].message.content, "Hi")
        self.assertEqual(raw.headers["x-backstop-attempts"], "2")
        self.assertEqual(len(self.seen()), 2)

    def test_the_next_target_answers(self):
        self.play(always="status=503", model=f"{PLAIN_MODEL}-first")
        raw = self.client.chat.completions.with_raw_response.create(model="fallback", messages=USER)
        self.assertEqual(raw.parse().model, f"{PLAIN_MODEL}-second")
        self.assertIn(f"{PLAIN_MODEL}-second", raw.headers["x-backstop-target"])
        self.assertTrue(raw.headers["x-backstop-fallback-reason"])

    def test_what_a_model_lacks_another_one_has(self):
        if TO_GEMINI:
            return  # Its SDK's own module has this one.
        # In the provider's own dialect, so that it is the provider who says so.
        tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
        options = {"temperature": 0.5} if TO_ANTHROPIC else {"tools": tools}
        if TO_ANTHROPIC:
            client = anthropic.Anthropic(base_url=GATEWAY, api_key=CALLER_KEY)
            answer = client.messages.create(model="lacking", max_tokens=50, messages=USER, extra_body=options)
        else:
            answer = self.create("lacking", **options)
        self.assertEqual(answer.model, PLAIN_MODEL)
        first, second = self.seen()
        self.assertIn(first["refused_by"], ("sampling-unsupported", "tools-while-reasoning"))
        self.assertEqual(second["status"], 200)

    def test_async(self):
        self.play(always="status=503", model=f"{PLAIN_MODEL}-async-openai")

        async def main():
            async with openai.AsyncOpenAI(base_url=GATEWAY + "/v1", api_key=CALLER_KEY) as client:
                await client.chat.completions.create(model="async-openai", messages=USER)

        with self.assertRaises(openai.InternalServerError):
            asyncio.run(main())
        self.assertEqual(len(self.seen()), 1)


class Anthropic(Failures):
    client = anthropic.Anthropic(base_url=GATEWAY, api_key=CALLER_KEY)

    def create(self, model, **options):
        return self.client.messages.create(model=model, max_tokens=50, messages=USER, **options)

    def test_failures(self):
        def run(chain, expected, streamed):
            with self.assertRaises(expected) as caught:
                self.create(chain, stream=streamed)
            self.assertNotIsInstance(caught.exception, anthropic.AuthenticationError)
            return caught.exception

        self.each(run, "-anthropic")

    def check(self, error, name):
        self.assertEqual(error.body["type"], "error")
        self.assertTrue(error.api_message)
        self.assertTrue(error.body["error_type"])
        self.assertTrue(error.body["request_id"])
        types = {
            400: "invalid_request_error",
            413: "request_too_large",
            429: "rate_limit_error",
            502: "api_error",
            503: "overloaded_error",
            504: "timeout_error",
        }
        # The status decides the exception, the type says more: no money, no such model.
        if name not in ("e402", "quota", "e404"):
            self.assertEqual(error.type, types[error.status_code])

    def test_own_mistakes(self):
        with self.assertRaises(anthropic.NotFoundError) as caught:
            self.create("no-such-chain")
        self.assertEqual(caught.exception.type, "not_found_error")
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.messages.create(model=PLAIN, max_tokens=9, messages=[{"role": "bogus", "content": "Hi"}])
        self.assertRegex(caught.exception.api_message, "bogus|role")
        with self.assertRaises(anthropic.BadRequestError):
            self.client.messages.create(model=PLAIN, max_tokens=9, messages=[])
        # Within one dialect the provider may be asked: its answer is the better one.
        self.assertTrue(all(request["refused_by"] for request in self.seen()))

    def test_a_named_model_that_is_not_there(self):
        self.play(always="error=model-not-found", model="vanished")
        with self.assertRaises(anthropic.NotFoundError):
            self.create("gone-anthropic/vanished")

    def test_the_callers_own_timeout(self):
        self.play(always="head-after=5s")
        client = self.client.with_options(timeout=0.3, max_retries=0)
        with self.assertRaises(anthropic.APITimeoutError):
            client.messages.create(model=PLAIN, max_tokens=9, messages=USER)

    def test_a_retry_of_the_gateway_is_none_of_the_caller(self):
        self.play("status=500", model=f"{PLAIN_MODEL}-retried")
        self.assertEqual(self.create("retried").content[0].text, "Hi")
        self.assertEqual(len(self.seen()), 2)

    def test_async(self):
        self.play(always="status=503", model=f"{PLAIN_MODEL}-async-anthropic")

        async def main():
            async with anthropic.AsyncAnthropic(base_url=GATEWAY, api_key=CALLER_KEY) as client:
                await client.messages.create(model="async-anthropic", max_tokens=50, messages=USER)

        with self.assertRaises(anthropic.ServiceUnavailableError):
            asyncio.run(main())
        self.assertEqual(len(self.seen()), 1)


# What is shared is no test of its own.
del Failures

