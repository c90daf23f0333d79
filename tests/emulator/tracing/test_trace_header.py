"""The tracing header, and who decides on sampling."""

from __future__ import annotations

import pytest

from lambdakit.emulator.tracing.sampling import Sampler
from lambdakit.emulator.tracing.trace_header import SEGMENT_ID, TRACE_ID, TraceHeader, new_segment_id, new_trace_root

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Root={ROOT};Parent={PARENT};Sampled=1", TraceHeader(ROOT, PARENT, True)),
        (f"root={ROOT}; parent={PARENT} ;sampled=0", TraceHeader(ROOT, PARENT, False)),
        (f"Root={ROOT};Sampled=?", TraceHeader(ROOT)),
        (f"Root={ROOT.upper()}", TraceHeader(ROOT)),
        (
            f"Self=1-a-b;Root={ROOT};Lineage=1:a87bd80c:0",
            TraceHeader(ROOT, rest=("Self=1-a-b", "Lineage=1:a87bd80c:0")),
        ),
        ("Root=1-2-3;Parent=4;Sampled=1", TraceHeader(sampled=True)),
        ("garbage", TraceHeader()),
        ("", TraceHeader()),
        (None, TraceHeader()),
    ],
)
def test_a_header_is_read(text: str | None, expected: TraceHeader) -> None:
    assert TraceHeader.parse(text) == expected


def test_a_header_is_written_as_it_was_read() -> None:
    text = f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage=1:a87bd80c:0"
    assert str(TraceHeader.parse(text)) == text
    assert str(TraceHeader.parse(text).with_parent("0" * 16)) == text.replace(PARENT, "0" * 16)


def test_ids_are_of_the_form_x_ray_wants() -> None:
    assert TRACE_ID.fullmatch(new_trace_root())
    assert SEGMENT_ID.fullmatch(new_segment_id())


def test_the_first_request_of_a_second_is_sampled_and_a_share_of_the_others() -> None:
    now, chances = [10.0], iter([0.04, 0.05, 0.9])
    sampler = Sampler(clock=lambda: now[0], chance=lambda: next(chances))
    assert [sampler.takes("f") for _ in range(4)] == [True, True, False, False]
    assert sampler.takes("g")
    now[0] = 11.2
    assert sampler.takes("f")


@pytest.mark.parametrize(("rate", "taken"), [(0.0, 1), (1.0, 50)])
def test_all_or_none_of_the_others_may_be_sampled(rate: float, taken: int) -> None:
    sampler = Sampler(rate, clock=lambda: 1.0)
    assert sum(sampler.takes("f") for _ in range(50)) == taken
