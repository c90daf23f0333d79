"""What invocations would have cost, against the arithmetic of the price list."""

from __future__ import annotations

import pytest

from lambdakit.emulator.cloudwatch.cost import FREE_GB_SECONDS, Usage, bill


def test_the_price_lists_own_example() -> None:
    """128 MB, 100 ms, a million times: 12,500 GB-seconds, 0.2083 dollars and 0.20 for the requests."""
    usage = Usage("f", 128, requests=1_000_000, billed_ms=100_000_000)
    found = bill([usage])
    assert usage.gb_seconds == 12_500
    assert (round(found.duration, 4), round(found.requests, 4)) == (0.2083, 0.2)
    assert found.total == pytest.approx(0)  # all of it within the free tier


def test_the_free_tier_covers_a_months_first_use_only() -> None:
    usage = Usage("f", 1024, requests=3_000_000, billed_ms=int(FREE_GB_SECONDS * 2 * 1000))
    found = bill([usage])
    assert found.free == pytest.approx(0.2 + found.duration / 2)
    assert found.total == pytest.approx(0.4 + FREE_GB_SECONDS * 0.0000166667)


@pytest.mark.parametrize(("architecture", "price"), [("x86_64", 0.0000166667), ("arm64", 0.0000133334)])
def test_architectures_have_their_own_price(architecture: str, price: float) -> None:
    usage = Usage("f", 1024, billed_ms=1_000_000, architecture=architecture)  # type: ignore[arg-type]
    assert bill([usage]).duration == pytest.approx(1_000 * price)


def test_beyond_a_tier_the_next_price_holds() -> None:
    usage = Usage("f", 1024, billed_ms=7_000_000_000_000)
    assert bill([usage]).duration == pytest.approx(6e9 * 0.0000166667 + 1e9 * 0.0000150000)


def test_provisioned_concurrency_costs_while_it_stands_and_is_never_free() -> None:
    usage = Usage("f", 2048, provisioned_seconds=3600, provisioned_billed_ms=60_000)
    found = bill([usage])
    assert found.provisioned == pytest.approx(7200 * 0.0000041667 + 120 * 0.0000097222)
    assert found.total == found.provisioned


def test_nothing_costs_nothing() -> None:
    assert bill([]).total == 0
