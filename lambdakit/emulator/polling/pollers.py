"""All event sources of the functions that are served: which are polled, and by whom.

    async with Pollers(mappings, invoke=..., tell=..., reach="elsewhere") as pollers:
        for line in pollers.lines(): ...

A source is polled where boto3's endpoint for its service (AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, the user's AWS
configuration) leads elsewhere than to AWS: what waits in a real queue is not taken from whoever really works on it
unless that is asked for (`reach="everywhere"`).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdakit.emulator.polling.aws import aws_client, leads_to_aws
from lambdakit.emulator.polling.mapping import read_mapping, service_of
from lambdakit.emulator.polling.sqs import QueuePoller

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from lambdakit.emulator.polling.aws import AwsClient
    from lambdakit.emulator.polling.filters import ServiceName
    from lambdakit.emulator.polling.mapping import SourceMapping
    from lambdakit.emulator.polling.poller import Invoke, Poller, Tell
    from lambdakit.emulator.project import FunctionSpec

__all__ = ("Pollers", "Reach", "mappings_of", "others_of")

Reach = Literal["elsewhere", "everywhere"]

# Threads of each mapping: one waits in a long poll, the other does what is left to do.
_THREADS = 2
# Seconds that batches under way may take once the end has come.
_END_SECONDS = 5.0


class Polled(NamedTuple):
    """A mapping and its poller; why there is none, where it is not polled."""

    mapping: SourceMapping
    poller: Poller | None
    says: str


def mappings_of(functions: Sequence[FunctionSpec]) -> list[SourceMapping]:
    """What can be polled for the functions. Raises UsageError for settings that are not understood."""
    return [
        read_mapping(function.name, source)
        for function in functions
        for source in function.sources
        if service_of(source.arn)
    ]


def others_of(functions: Sequence[FunctionSpec]) -> Iterator[str]:
    """The sources of kinds that nobody polls here, a line each."""
    for function in functions:
        for source in function.sources:
            if service_of(source.arn) is None:
                kinds = "only queues of SQS and streams of Kinesis and DynamoDB are"
                yield f"  {source.arn}  (not polled: {kinds}, {function.name})"


class Pollers:
    """The pollers of a service; an async context manager that starts and ends them."""

    def __init__(self, mappings: Sequence[SourceMapping], *, invoke: Invoke, tell: Tell, reach: Reach) -> None:
        self._mappings = mappings
        self._invoke = invoke
        self._tell = tell
        self._reach = reach
        self._clients: dict[tuple[str, str], AwsClient] = {}
        self._polled: list[Polled] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(max(1, _THREADS * len(mappings)), "polling")

    async def __aenter__(self) -> Pollers:
        self._polled = [self._prepare(mapping) for mapping in self._mappings]
        self._tasks = {asyncio.create_task(polled.poller.run()) for polled in self._polled if polled.poller}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_END_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self._clients.values():
            client.close()
        self._threads.shutdown(wait=False)

    def stop(self) -> None:
        """Take nothing more from any source."""
        for polled in self._polled:
            if polled.poller is not None:
                polled.poller.stop()

    def lines(self) -> Iterator[str]:
        """What is polled and what is not, a line each."""
        for mapping, _, says in self._polled:
            yield f"  {mapping.arn}  ({says}, {mapping.function})"

    def _prepare(self, mapping: SourceMapping) -> Polled:
        if not mapping.enabled:
            return Polled(mapping, None, "not polled: it is disabled")
        client = self._client(mapping.service, mapping.region)
        if self._reach == "elsewhere" and leads_to_aws(client.endpoint):
            variable = f"AWS_ENDPOINT_URL_{_VARIABLES[mapping.service]}"
            return Polled(mapping, None, f"not polled: set {variable}, or give --poll to poll AWS itself")
        poller = QueuePoller(mapping, self._invoke, self._tell, client=client)
        return Polled(mapping, poller, f"polled at {client.endpoint}")

    def _client(self, service: ServiceName, region: str) -> AwsClient:
        client = self._clients.get((service, region))
        if client is None:
            name = "dynamodbstreams" if service == "dynamodb" else service
            client = self._clients[service, region] = aws_client(name, region, self._threads)
        return client


# Service -> its name in the variable with its endpoint.
_VARIABLES: Mapping[ServiceName, str] = {"sqs": "SQS", "kinesis": "KINESIS", "dynamodb": "DYNAMODB_STREAMS"}
