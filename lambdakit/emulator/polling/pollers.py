"""All event sources of the functions that are served: which are polled, and by whom.

    async with Pollers(mappings, invoke=..., tell=..., age=..., reach="elsewhere") as pollers:
        for line in pollers.lines(): ...

A source is polled where boto3's endpoint for its service (AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, the user's AWS
configuration) leads elsewhere than to AWS: what waits in a real queue is not taken from whoever really works on it
unless that is asked for (`reach="everywhere"`).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdakit.emulator.polling.aws import aws_client, leads_to_aws
from lambdakit.emulator.polling.checkpoints import Checkpoints
from lambdakit.emulator.polling.mapping import read_mapping, service_of
from lambdakit.emulator.polling.sqs import QueuePoller
from lambdakit.emulator.polling.stream_destinations import Destination
from lambdakit.emulator.polling.stream_sources import DynamoDBStream, KinesisStream
from lambdakit.emulator.polling.streams import StreamPoller
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from lambdakit.emulator.polling.aws import AwsClient
    from lambdakit.emulator.polling.filters import ServiceName
    from lambdakit.emulator.polling.mapping import SourceMapping
    from lambdakit.emulator.polling.poller import Invoke, Poller, Tell
    from lambdakit.emulator.project import FunctionSpec

__all__ = ("Pollers", "Reach", "mappings_of", "others_of")

Reach = Literal["elsewhere", "everywhere"]

# Threads of each mapping: one may wait in a long poll, the others do what is left to do.
_THREADS = 3
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
        replace(read_mapping(function.name, source), function_arn=function.config.arn)
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
    """The pollers of a service; an async context manager that starts and ends them.

    `tell` hears of problems, in one line each, and `age` of the age of records of streams: the function, milliseconds.
    How far streams have been read is kept in the file `checkpoints`, or forgotten at the end.
    """

    def __init__(
        self,
        mappings: Sequence[SourceMapping],
        *,
        invoke: Invoke,
        tell: Tell,
        age: Callable[[str, float], None],
        reach: Reach,
        checkpoints: Path | None = None,
    ) -> None:
        self._mappings = mappings
        self._invoke = invoke
        self._tell = tell
        self._age = age
        self._reach = reach
        streams = any(mapping.service != "sqs" for mapping in mappings)
        self._checkpoints = Checkpoints(checkpoints if streams else None)
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
        self._checkpoints.close()

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
        if mapping.tumbling_window:
            # Events without the window and its state would be none that the function expects.
            return Polled(mapping, None, "not polled: tumbling windows are not played here")
        client = self._client(_CLIENTS[mapping.service], mapping.region)
        if self._is_out_of_reach(client):
            variable = f"AWS_ENDPOINT_URL_{_VARIABLES[mapping.service]}"
            return Polled(mapping, None, f"not polled: set {variable}, or give --poll to poll AWS itself")
        poller = self._queue(mapping, client) if mapping.service == "sqs" else self._stream(mapping, client)
        return Polled(mapping, poller, f"polled at {client.endpoint}")

    def _queue(self, mapping: SourceMapping, client: AwsClient) -> Poller:
        return QueuePoller(mapping, self._invoke, self._tell, client=client)

    def _stream(self, mapping: SourceMapping, client: AwsClient) -> Poller:
        return StreamPoller(
            mapping,
            self._invoke,
            self._tell,
            stream=(KinesisStream if mapping.service == "kinesis" else DynamoDBStream)(mapping, client),
            checkpoints=self._checkpoints,
            discard=Destination(mapping, self._client_within_reach, self._tell),
            age=self._age,
        )

    def _client(self, service: str, region: str) -> AwsClient:
        client = self._clients.get((service, region))
        if client is None:
            client = self._clients[service, region] = aws_client(service, region, self._threads)
        return client

    def _client_within_reach(self, service: str, region: str) -> AwsClient:
        client = self._client(service, region)
        if self._is_out_of_reach(client):
            raise UsageError(f"set AWS_ENDPOINT_URL_{service.upper()}, or give --poll to use AWS itself")
        return client

    def _is_out_of_reach(self, client: AwsClient) -> bool:
        return self._reach == "elsewhere" and leads_to_aws(client.endpoint)


# Service -> its client in boto3.
_CLIENTS: Mapping[ServiceName, str] = {"sqs": "sqs", "kinesis": "kinesis", "dynamodb": "dynamodbstreams"}
# Service -> its name in the variable with its endpoint.
_VARIABLES: Mapping[ServiceName, str] = {"sqs": "SQS", "kinesis": "KINESIS", "dynamodb": "DYNAMODB_STREAMS"}
