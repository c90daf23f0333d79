"""How an issuer's keys are fetched and kept: rotation, staleness, made-up ids, failures, many callers at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.exceptions import TokenKeysError, UsageError
from lambdakit.http import signing_keys as module
from lambdakit.http.signing_keys import SigningKeys
from tests.http.token_issuer import Issuer, jwk_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer(jwk_of("k1"), jwk_of("k2")) as server:
        yield server


def settled(keys: SigningKeys) -> None:
    """The refresh that goes on behind the callers is over."""
    assert keys._refresh is not None
    keys._refresh.join(10)
    assert not keys._refresh.is_alive()


def test_a_fresh_key_is_not_asked_for_again(issuer: Issuer, clock: Clock):
    keys = SigningKeys(issuer.url)
    assert not keys.is_at_hand("k1")
    first = keys.key("k1", "ES256")
    assert keys.is_at_hand("k1")
    clock.now += module.FRESH_SECONDS - 1
    assert keys.key("k1", "ES256") is first
    assert keys.key("k2", "ES256") is not None
    assert issuer.asked == 1


def test_a_key_that_is_rotated_in_is_found_by_the_first_token_that_names_it(issuer: Issuer, clock: Clock):
    keys = SigningKeys(issuer.url)
    keys.key("k1", "ES256")
    issuer.keys.append(jwk_of("k3"))
    clock.now += module.REFETCH_SECONDS
    assert keys.key("k3", "ES256") is not None
    assert issuer.asked == 2


def test_a_key_that_is_rotated_out_is_gone_with_the_next_refresh(issuer: Issuer, clock: Clock):
    keys = SigningKeys(issuer.url)
    keys.key("k1", "ES256")
    issuer.keys.pop(0)
    clock.now += module.FRESH_SECONDS
    assert keys.key("k1", "ES256") is not None  # the refresh goes on behind
    settled(keys)
    assert keys.key("k1", "ES256") is None


def test_a_stale_key_is_given_while_the_issuer_is_asked_once(issuer: Issuer, clock: Clock):
    keys = SigningKeys(issuer.url)
    first = keys.key("k1", "ES256")
    issuer.gate.clear()
    issuer.arrived.clear()
    clock.now += module.FRESH_SECONDS
    for _ in range(20):
        assert keys.key("k1", "ES256") is first
    assert issuer.arrived.wait(10)
    issuer.gate.set()
    settled(keys)
    assert issuer.asked == 2
    assert keys.key("k1", "ES256") is not first
    assert issuer.asked == 2


def test_an_issuer_that_is_down_is_not_noticed_while_keys_are_stale(issuer: Issuer, clock: Clock):
    keys = SigningKeys(issuer.url)
    keys.key("k1", "ES256")
    issuer.status = 503
    clock.now += module.FRESH_SECONDS
    for asked in (2, 3):
        assert keys.key("k1", "ES256") is not None
        settled(keys)
        assert keys.key("k1", "ES256") is not None
        assert issuer.asked == asked
        clock.now += module.REFETCH_SECONDS
    clock.now += module.STALE_SECONDS
    with pytest.raises(TokenKeysError, match="it answered 503"):
        keys.key("k1", "ES256")


def test_made_up_ids_do_not_make_the_function_ask(issuer: Issuer, clock: Clock):
    keys = SigningKeys(issuer.url)
    for number in range(50):
        assert keys.key(f"made-up-{number}", "ES256") is None
    assert issuer.asked == 1
    clock.now += module.REFETCH_SECONDS
    assert keys.key("made-up-0", "ES256") is None  # still known to be unknown
    assert issuer.asked == 1
    assert keys.key("made-up-1", "ES256") is None
    assert issuer.asked == 2
    clock.now += module.UNKNOWN_SECONDS
    issuer.keys.append(jwk_of("made-up-1"))
    assert keys.key("made-up-1", "ES256") is not None


def test_what_is_unknown_does_not_grow_without_end(issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_UNKNOWN", 2)
    keys = SigningKeys(issuer.url)
    keys.key("k1", "ES256")
    for number in range(5):
        keys._note_unknown(f"made-up-{number}")
    assert len(keys._unknown) <= 2


def test_many_callers_ask_once(issuer: Issuer):
    keys = SigningKeys(issuer.url)
    issuer.gate.clear()
    found: list[Any] = []
    callers = [threading.Thread(target=lambda: found.append(keys.key("k1", "ES256"))) for _ in range(16)]
    for caller in callers:
        caller.start()
    assert issuer.arrived.wait(10)
    issuer.gate.set()
    for caller in callers:
        caller.join(10)
    assert len(found) == 16
    assert all(key is not None for key in found)
    assert issuer.asked == 1


def test_a_failure_is_tried_again_soon_but_not_at_once(issuer: Issuer, clock: Clock):
    keys = SigningKeys(issuer.url)
    issuer.status = 500
    for _ in range(3):
        with pytest.raises(TokenKeysError, match="it answered 500"):
            keys.key("k1", "ES256")
    assert issuer.asked == 1
    issuer.status = 200
    clock.now += module.RETRY_SECONDS
    assert keys.key("k1", "ES256") is not None


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"keys": 5}', b'{"keys": [5]}', b"{}", b"null"])
def test_what_is_no_key_set_is_a_failure(issuer: Issuer, body: bytes):
    issuer.body = body
    with pytest.raises(TokenKeysError, match="something else than a JSON Web Key Set"):
        SigningKeys(issuer.url).key("k1", "ES256")


def test_an_issuer_that_is_not_there_is_a_failure():
    with Issuer() as gone:
        url = gone.url
    with pytest.raises(TokenKeysError, match="ConnectError"):
        SigningKeys(url).key("k1", "ES256")


def test_keys_that_do_not_sign_are_left_out(issuer: Issuer):
    issuer.keys = [
        jwk_of("k1", use="enc"),
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
        {"kty": "odd", "kid": "odd"},
    ]
    keys = SigningKeys(issuer.url)
    assert keys.key("k1", "ES256") is None
    assert keys.key("secret", "HS256") is None
    assert keys.key("odd", "ES256") is None


def test_without_an_id_the_only_key_is_meant(issuer: Issuer, clock: Clock):
    assert SigningKeys(issuer.url).key(None, "ES256") is None
    issuer.keys = [jwk_of("k1")]
    assert SigningKeys(issuer.url).key(None, "ES256") is not None


def test_a_key_without_algorithm_is_for_the_one_asked_for_if_it_fits(issuer: Issuer):
    bare = jwk_of("r1", "RS256")
    del bare["alg"]
    issuer.keys = [bare]
    keys = SigningKeys(issuer.url)
    assert keys.key("r1", "PS256").algorithm_name == "PS256"
    assert keys.key("r1", "RS512").algorithm_name == "RS512"
    assert keys.key("r1", "ES256") is None
    assert keys.key("r1", "HS256") is None


@pytest.mark.parametrize(
    "url", ["http://issuer.example/jwks", "ftp://issuer.example", "issuer", "http://127.0.0.1.evil.example/"]
)
def test_keys_come_over_tls(url: str):
    with pytest.raises(UsageError, match="https://"):
        SigningKeys(url)
