"""What every test shares: property tests without a clock, because the machines that run them are shared.

LAMBDAKIT_TESTS=brief has every test run with fewer rounds, for a second look on another interpreter.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

BRIEF = os.environ.get("LAMBDAKIT_TESTS") == "brief"

settings.register_profile("lambdakit", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("brief", settings.get_profile("lambdakit"), max_examples=15)
settings.register_profile("thorough", settings.get_profile("lambdakit"), max_examples=5_000)
settings.load_profile("brief" if BRIEF else "lambdakit")
