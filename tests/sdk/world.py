"""What the SDK tests share: where the gateway is, and a hand on the simulated provider behind it."""

import json
import os
import unittest
import urllib.request

GATEWAY = os.environ["BACKSTOP_GATEWAY"]
CONTROL = os.environ["BACKSTOP_CONTROL"]

# Whose dialect the provider behind the gateway speaks.
UPSTREAM = os.environ["BACKSTOP_UPSTREAM"]
TO_ANTHROPIC = UPSTREAM == "anthropic"
TO_GEMINI = UPSTREAM == "gemini"

# The chains of the gateway, and the models behind them.
PLAIN = "plain"
REASONING = "reasoning"
MODERN = "modern"
PLAIN_MODEL = {"anthropic": "claude-haiku-4-5", "gemini": "gemini-2.5-flash-lite"}.get(UPSTREAM, "gpt-4.1-mini")

# One black pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

# A caller's key. It must never go further than the gateway.
CALLER_KEY = "caller-key-that-stays-here"

# What a provider does for each failure that the tests are about. Each has chains of its own, so that no cooldown of one
# meets another.
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "failures.txt")) as lines:
    FAILURES = dict(line.strip().split(": ", 1) for line in lines)


def control(path, body=None):
    """Asks the test that started us."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(CONTROL + path, data=data), timeout=10) as answer:
        return json.loads(answer.read())


class Case(unittest.TestCase):
    """A test that begins with a healthy provider which has seen nothing."""

    maxDiff = None

    def setUp(self):
        control("/reset", {})

    def play(self, *steps, always=None, model=None):
        """Has the provider do this, one step a request, in the words of the simulator."""
        control("/play", {"model": model or PLAIN_MODEL, "steps": list(steps), "always": always})

    def seen(self):
        """Every request that reached the provider."""
        seen = control("/seen")
        for request in seen:
            self.assertEqual(request["dialect"], UPSTREAM)
            self.assertNotIn(CALLER_KEY, json.dumps(request), "the caller's key went up")
            self.assertEqual(request["key"], "upstream-key")
        return seen

    def seen_once(self):
        """The body of the one request that reached the provider and was taken."""
        seen = self.seen()
        self.assertEqual(len(seen), 1, "the provider was not asked exactly once")
        self.assertIsNone(seen[0]["refused_by"])
        return seen[0]["body"]

    def told(self):
        """The usage that the provider told with its last answer."""
        return self.seen()[-1]["told"]
