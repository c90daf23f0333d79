"""The answers of authorizers that still hold: by authorizer and identity, for as long as the authorizer's TTL says.

The time is the local service's, which tests can move on. Source: API Gateway developer guide, "Caching authorizer
responses".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.project.authorizer import Authorizer

    # Whose answer about whom.
    Key = tuple[Authorizer, tuple[str, ...]]

__all__ = ("AnswerCache",)

# Engine's own: above this, what no longer holds is dropped with each new answer, and then the oldest.
MOST_ANSWERS = 1000


class AnswerCache:
    """Keeps answers until their time is over; `now` is the clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._answers: dict[Key, tuple[float, dict[str, Any]]] = {}

    def get(self, authorizer: Authorizer, identity: tuple[str, ...]) -> dict[str, Any] | None:
        """The answer that holds for an identity, or None."""
        until, answer = self._answers.get((authorizer, identity), (0.0, None))
        return answer if self._now() < until else None

    def put(self, authorizer: Authorizer, identity: tuple[str, ...], answer: dict[str, Any]) -> None:
        """Keep an answer for the authorizer's TTL."""
        key = (authorizer, identity)
        self._answers.pop(key, None)
        if len(self._answers) >= MOST_ANSWERS:
            self._make_room()
        self._answers[key] = (self._now() + authorizer.ttl, answer)

    def forget(self, functions: frozenset[str]) -> None:
        """Drop the answers of these functions: their code has changed."""
        self._answers = {key: kept for key, kept in self._answers.items() if key[0].function not in functions}

    def _make_room(self) -> None:
        now = self._now()
        self._answers = {key: kept for key, kept in self._answers.items() if now < kept[0]}
        while len(self._answers) >= MOST_ANSWERS:
            del self._answers[next(iter(self._answers))]
