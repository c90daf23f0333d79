"""What receives traces in tests: a UDP socket in the daemon's place, an HTTP server in the collector's."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
LINEAGE = "a87bd80c:1|68fd508a:5"
HEADER = f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage={LINEAGE}"
UNSAMPLED = "Root=1-5759e988-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0"


class UDPDaemon:
    """Receives subsegments; `address` is for AWS_XRAY_DAEMON_ADDRESS."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(10)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def receive(self, count: int) -> list[dict[str, Any]]:
        """The next `count` documents."""
        return [self._document(self._socket.recv(70_000)) for _ in range(count)]

    def named(self, count: int) -> dict[str, dict[str, Any]]:
        """The next `count` documents by name."""
        return {document["name"]: document for document in self.receive(count)}

    def is_silent(self) -> bool:
        """Whether nothing has come: what was sent on this machine has arrived already."""
        self._socket.setblocking(False)
        try:
            return not self._socket.recv(70_000)
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(10)

    def close(self) -> None:
        self._socket.close()

    @staticmethod
    def _document(datagram: bytes) -> dict[str, Any]:
        head, _, body = datagram.partition(b"\n")
        assert json.loads(head) == {"format": "json", "version": 1}
        document: dict[str, Any] = json.loads(body)
        return document


class Collector:
    """Receives OTLP over HTTP; `endpoint` is for OTEL_EXPORTER_OTLP_ENDPOINT."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self._changed = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/v1/traces"
                with collector._changed:
                    collector.requests.append(ExportTraceServiceRequest.FromString(body))
                    collector._changed.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[Any]:
        """Every span received."""
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def resource(self) -> dict[str, Any]:
        """The attributes of the first resource received."""
        return attributes(self.requests[0].resource_spans[0].resource)

    def wait_for(self, count: int) -> list[Any]:
        """The spans, when there are `count` of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.spans) >= count, 20), self.spans
        return self.spans

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def attributes(message: Any) -> dict[str, Any]:
    """The attributes of a span or a resource."""
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in message.attributes}
