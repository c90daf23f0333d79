"""An invocation that needs a parameter of Parameter Store, read before and still good: what it costs every time."""

from __future__ import annotations

import os
import timeit
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from aws_lambda_powertools.utilities.parameters import SSMProvider

from lambdakit import Context, lambda_handler
from lambdakit.middleware import env, ssm
from tests.middleware.store_servers import ParameterStore, serving

if TYPE_CHECKING:
    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

REPEATED = 2_000
HOUR = 3600
CONTEXT: Any = Context("id", deadline_ms=2**42)


@dataclass
class Settings:
    """One parameter, as a number."""

    number: Annotated[int, ssm("/number")]


class _Client:
    """Answers the peer's one request."""

    def get_parameter(self, **_options: Any) -> dict[str, Any]:
        return {"Parameter": {"Name": "/number", "Value": "7"}}


def _ours() -> Any:
    places = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-west-1"}
    with serving(ParameterStore({"/number": "7"})) as address:
        os.environ.update(places, AWS_ENDPOINT_URL_SSM=address)
        return lambda_handler(middleware=[env(Settings, ttl=HOUR)])(lambda event, context: context.config.number)


def _theirs() -> Any:
    provider = SSMProvider(boto3_client=_Client())  # type: ignore[arg-type]
    return lambda event, context: int(provider.get("/number", max_age=HOUR) or 0)


def parameter(_bench: Bench) -> Contenders:
    """A parameter that is in the cache."""
    works = {"lambdakit": partial(_ours(), {}, CONTEXT), "Powertools": partial(_theirs(), {}, CONTEXT)}
    assert [work() for work in works.values()] == [7, 7]
    return {name: partial(_microseconds, work) for name, work in works.items()}


def _microseconds(work: Any) -> float:
    return timeit.timeit(work, number=REPEATED) / REPEATED * 1e6
