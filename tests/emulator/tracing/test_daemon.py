"""The daemon: what is sent by UDP, what SDKs ask by TCP, and ports that are taken."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.sampling.connector import ServiceConnector
from aws_xray_sdk.core.sampling.sampling_rule import SamplingRule

from lambdakit.emulator.api.routes import Router
from lambdakit.emulator.tracing.daemon import XRayDaemon, listening_daemon
from lambdakit.emulator.tracing.documents import DATAGRAM_HEADER
from lambdakit.emulator.tracing.site import Tracing
from lambdakit.exceptions import AddressInUseError
from tests.emulator.tracing.tracing_support import WatchedStore, parts, xray_of
from tests.engine_support import run

if TYPE_CHECKING:
    from collections.abc import Iterator

ID, TRACE_ID = "53995c3f42cd8ad8", "1-5759e988-bd862e3fe1be46a994272793"
DOCUMENT: dict[str, Any] = {"id": ID, "trace_id": TRACE_ID, "name": "f", "start_time": 1.5, "end_time": 2}


def send(address: str, *datagrams: bytes) -> None:
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, (host, int(port)))


@contextmanager
def taken(*kinds: int) -> Iterator[int]:
    """A port that is taken for TCP, UDP or both."""
    sockets = []
    port = 0
    for kind in kinds:
        sockets.append(socket.socket(socket.AF_INET, kind))
        sockets[-1].bind(("127.0.0.1", port))
        port = sockets[-1].getsockname()[1]
        if kind == socket.SOCK_STREAM:
            sockets[-1].listen()
    try:
        yield port
    finally:
        for one in sockets:
            one.close()


def test_documents_are_taken_and_garbage_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        store = WatchedStore()
        async with XRayDaemon(xray_of(store), port=0) as daemon:
            good = DATAGRAM_HEADER + json.dumps(DOCUMENT).encode()
            bad = [b"\xff\xff", b"\xff\xff", DATAGRAM_HEADER + b"{", DATAGRAM_HEADER + b'{"id": 1}']
            send(daemon.address, *bad, good)
            trace = await store.trace_of("f")
            assert trace.id == TRACE_ID
            refused = {"header": 2, "json": 1, "id": 1}
            assert daemon.told() == {"address": daemon.address, "documents": 1, "refused": refused}
        assert len(caplog.records) == 3

    run(main())


def test_what_aws_s_sdk_sends_and_asks_is_understood() -> None:
    def talk(address: str) -> tuple[Any, Any]:
        segment = Segment("shop")
        segment.put_annotation("customer", "c-17")
        segment.close()
        emitter = UDPEmitter(address)
        emitter.send_entity(segment)
        emitter._socket.close()
        host, _, port = address.rpartition(":")
        connector = ServiceConnector()
        unused = connector._xray_client
        connector.setup_xray_client(host, port, None)
        try:
            rules = connector.fetch_sampling_rules()
            gone = SamplingRule("gone", 1, 0.1, 1)
            return rules, connector.fetch_sampling_target([*rules, gone])
        finally:
            unused.close()
            connector._xray_client.close()

    async def main() -> None:
        store = WatchedStore()
        async with XRayDaemon(xray_of(store, rate=0.25), port=0) as daemon:
            (rule,), (targets, modified) = await asyncio.to_thread(talk, daemon.address)
            assert (rule.name, rule.rate, rule.reservoir.quota, modified) == ("Default", 0.25, None, 0)
            assert list(targets) == ["Default"]
            assert (targets["Default"]["rate"], targets["Default"]["quota"], targets["Default"]["interval"]) == (
                0.25,
                1,
                10,
            )
            (segment,) = parts(await store.trace_of("shop"))
            assert segment["annotations"] == {"customer": "c-17"}

    run(main())


def test_the_tcp_side_has_nothing_but_x_ray() -> None:
    async def main() -> None:
        async with (
            XRayDaemon(xray_of(WatchedStore()), port=0) as daemon,
            httpx.AsyncClient(base_url=daemon.url) as client,
        ):
            assert (await client.post("/SamplingRules", json={})).json()["SamplingRuleRecords"]
            assert (await client.post("/2015-03-31/functions/f/invocations")).status_code == 404
            assert (await client.post("/GetSamplingRules", headers={"Origin": "http://evil"})).status_code == 403

    run(main())


@pytest.mark.parametrize(
    "kinds", [(socket.SOCK_DGRAM,), (socket.SOCK_STREAM,), (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
)
def test_a_port_that_was_asked_for_and_is_taken_is_told(kinds: tuple[int, ...]) -> None:
    async def main() -> None:
        with taken(*kinds) as port, pytest.raises(AddressInUseError, match=f"Port {port} on 127.0.0.1 is taken"):
            async with listening_daemon(xray_of(WatchedStore()), port=port):
                raise AssertionError("it listens")

    run(main())


def test_the_usual_port_may_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with taken(socket.SOCK_DGRAM) as port:
            monkeypatch.setattr("lambdakit.emulator.tracing.daemon.PORT", port)
            monkeypatch.setattr("lambdakit.emulator.tracing.site.PORT", port)
            tracing, variables = Tracing(), dict[str, str]()
            async with tracing.listening(Router(), variables):
                assert variables == {"AWS_XRAY_DAEMON_ADDRESS": tracing.address}
                assert f"port {port} is taken" in tracing.note
                assert not tracing.address.endswith(f":{port}")

    run(main())


@pytest.mark.parametrize("form", ["127.0.0.1:{0}", "tcp:127.0.0.1:1 udp:127.0.0.1:{0}"])
def test_a_daemon_of_one_s_own_is_used(form: str) -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind(("127.0.0.1", 0))
            own.settimeout(10)
            port = own.getsockname()[1]
            variables = {"AWS_XRAY_DAEMON_ADDRESS": form.format(port)}
            tracing = Tracing(environment=variables)
            async with tracing.listening(Router(), variables):
                assert variables == {"AWS_XRAY_DAEMON_ADDRESS": form.format(port)}
                assert (tracing.address, tracing.note) == (f"127.0.0.1:{port}", "yours, from AWS_XRAY_DAEMON_ADDRESS")
                tracing.tracer.put(DOCUMENT)
            head, _, document = own.recv(65_536).partition(b"\n")
            assert (json.loads(head), json.loads(document)) == ({"format": "json", "version": 1}, DOCUMENT)
            assert len(tracing.tracer.store) == 1

    run(main())
