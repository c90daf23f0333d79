"""What every test shares: property tests without a clock, because the machines that run them are shared."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("lambdakit", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("thorough", settings.get_profile("lambdakit"), max_examples=5_000)
settings.load_profile("lambdakit")
