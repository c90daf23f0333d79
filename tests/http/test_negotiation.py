"""What a client accepts, and the best of what is offered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.http.negotiation import best_coding, best_type, weighted
from tests.http.requests_made import request_of


@pytest.mark.parametrize(
    ("accept", "offers", "best"),
    [
        (None, ("application/json", "text/csv"), "application/json"),
        ("", ("application/json",), "application/json"),
        ("text/csv", ("application/json", "text/csv"), "text/csv"),
        ("text/*;q=0.9, application/json;q=0.1", ("application/json", "text/csv"), "text/csv"),
        ("*/*", ("application/json", "text/csv"), "application/json"),
        ("text/*, text/csv;q=0", ("text/csv", "text/html"), "text/html"),
        (
            "TEXT/CSV; charset=utf-8; Q=0.5",
            ("application/json", "text/csv; header=present"),
            "text/csv; header=present",
        ),
        ("image/png", ("application/json",), None),
        ("*/*;q=0", ("application/json",), None),
        ("text/html;q=broken, text/csv;q=0.1", ("text/html", "text/csv"), "text/csv"),
        ("text/html", (), None),
    ],
)
def test_the_type_that_is_liked_best(accept: str | None, offers: tuple[str, ...], best: str | None):
    headers = {} if accept is None else {"accept": accept}
    assert best_type(request_of(**headers), *offers) == best


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0, *", "br"),
        ("*;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity, gzip", "gzip"),
        ("identity;q=0, deflate", "deflate"),
        ("unknown", None),
        ("GZIP ; Q=0.8", "gzip"),
        ("gzip;q=1.5", None),
        ("gzip;q=nan", None),
        ("gzip;;q=0.5,,", "gzip"),
    ],
)
def test_the_coding_that_is_liked_best(header: str, coding: str | None):
    assert best_coding(header, ("br", "gzip", "deflate")) == coding


@given(st.text())
def test_any_header_can_be_read(header: str):
    assert all(0 <= weight <= 1 for _, weight in weighted(header))
    assert best_coding(header, ("br", "gzip")) in ("br", "gzip", None)
