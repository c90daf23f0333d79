"""The values of stores that this process has read, with their age: one cache for all handlers of a function.

What is asked for and not fresh is fetched at once: parameters in batches, all calls in parallel. Of two threads that
want the same value, both may fetch it; that a value is refreshed once and not by all is the loader's matter, who knows
which stale value it may go on with.
"""

from __future__ import annotations

import time

from lambdakit.middleware.parameter_requests import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lambdakit.middleware.parameter_extension import Extension
    from lambdakit.middleware.parameter_requests import Answers, Wanted
    from lambdakit.middleware.parameter_stores import Stores

__all__ = ("ParameterCache", "shared")

MOST_THREADS = 16


class ParameterCache:
    """Values by request, and the clients that fetch them."""

    def __init__(self) -> None:
        self._values: dict[Wanted, tuple[str, float]] = {}
        self._clients: tuple[Stores, Extension] | None = None

    def forget(self) -> None:
        """Drop all values, and the clients with their connections and credentials."""
        self._values = {}
        self._drop_clients()

    def expire(self) -> None:
        """Take all values for too old, and drop the clients: connections do not survive a snapshot."""
        self._values = {one: (text, float("-inf")) for one, (text, _) in self._values.items()}
        self._drop_clients()

    def _drop_clients(self) -> None:
        clients, self._clients = self._clients or (), None
        for client in clients:
            client.close()

    def get(self, wanted: Iterable[Wanted], max_age: float) -> Answers:
        """A value, or why there is none, for each request; of a store where it is not in cache or over `max_age` old.

        What KMS decrypted cannot change and is always fresh. Raises MissingExtraError.
        """
        asked = list(dict.fromkeys(wanted))
        fresh: Answers = {one: self._values[one][0] for one in asked if self._is_fresh(one, max_age)}
        stale = [one for one in asked if one not in fresh]
        fetched = self._fetch(stale) if stale else {}
        now = time.monotonic()
        for one, answer in fetched.items():
            if not isinstance(answer, Failure):
                self._values[one] = (answer, now)
        return {**fresh, **fetched}

    def last(self, wanted: Wanted) -> str | None:
        """The last value that was read, however old."""
        kept = self._values.get(wanted)
        return None if kept is None else kept[0]

    def _is_fresh(self, wanted: Wanted, max_age: float) -> bool:
        kept = self._values.get(wanted)
        return kept is not None and (wanted.service == "kms" or time.monotonic() - kept[1] < max_age)

    def _fetch(self, wanted: list[Wanted]) -> Answers:
        from lambdakit.middleware.parameter_extension import port_of

        self._clients = self._clients or _new_clients()
        stores, extension = self._clients
        local = [one for one in wanted if port_of(one.service) is not None]
        remote = [one for one in wanted if one not in local]
        answers: Answers = {}
        for part in _at_once([*extension.jobs(local), *stores.jobs(remote)]):
            answers.update(part)
        return answers


def _new_clients() -> tuple[Stores, Extension]:
    from lambdakit.middleware.parameter_extension import Extension
    from lambdakit.middleware.parameter_stores import Stores

    return Stores(), Extension()


def _at_once(jobs: list[Callable[[], Answers]]) -> Iterable[Answers]:
    if len(jobs) < 2:
        return [job() for job in jobs]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(jobs), MOST_THREADS), "lambdakit-env") as pool:
        running = [pool.submit(job) for job in jobs]
        return [job.result() for job in running]


shared = ParameterCache()
