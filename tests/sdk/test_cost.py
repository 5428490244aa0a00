"""Our costs against those of genai-prices, for every model that both know.

Reads what `crates/cost/tests/genai_prices.rs` wrote: one line a model and usage. Prints each difference that is not explained here.
"""

import json
import os
import unittest
from datetime import datetime, timezone
from decimal import Decimal

from genai_prices import Usage, calc_price

# Their names for our providers.
THEIRS = {"bedrock": "aws", "xai": "x-ai"}

# The day of our data.
DAY = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


class Prices(unittest.TestCase):
    def test_costs_are_equal(self):
        compared, strange, different = 0, 0, []
        with open(os.environ["BACKSTOP_COSTS"]) as lines:
            for line in lines:
                ours = json.loads(line)
                usage = Usage(
                    input_tokens=ours["input"] + ours["cache_read"],
                    cache_read_tokens=ours["cache_read"],
                    output_tokens=ours["output"],
                )
                provider = THEIRS.get(ours["provider"], ours["provider"])
                try:
                    theirs = calc_price(
                        usage, model_ref=ours["model"], provider_id=provider, genai_request_timestamp=DAY
                    )
                except Exception:
                    strange += 1
                    continue
                if theirs.model.id != ours["model"]:
                    # Matched by a rule of theirs, under another model's name: not the same row.
                    strange += 1
                    continue
                compared += 1
                # They round to floats on the way in, so the last places may differ.
                gap = abs(Decimal(theirs.total_price) - Decimal(ours["cost"]))
                if gap > Decimal("1e-12"):
                    different.append(f"{provider}/{ours['model']}: {ours} theirs {theirs.total_price}")
        print(f"{compared} compared, {strange} not theirs, {len(different)} differ")
        self.assertGreater(compared, 1000)
        self.assertEqual(different, [], f"{len(different)} of {compared}: " + "\n".join(different[:40]))
