"""A scripted AWS Lambda Runtime API for tests: it serves the events it was given and records every request.

It is not an emulator: it enforces nothing and knows no timeout. It answers what the script says, also when
that is wrong on purpose (split bytes, missing headers, a body cut short, any status). One thread per
connection, port 0.

    with FakeRuntimeApi([Event({"a": 1}), Event(b"[2]", headers={"Content-Type": None})]) as api:
        process = subprocess.Popen(..., env={"AWS_LAMBDA_RUNTIME_API": api.address})
        api.wait_until(api.drained)  # every event answered, and the client waits for the next one
    api.posts[0].body, api.posts[0].headers["content-type"], api.posts[0].trailers

or, with the process looked after, `tests.runtime_process.run_runtime(SOURCE, [Event(...)])`. Request ids are
`request_id(1)`, `request_id(2)`, ... in the order of the events. `headers={...}` replaces or adds a header of
an event, and leaves it out when its value is None. After the last event `next` is held until the server
closes; `end=Answer(...)` answers it instead. `replies={"init/error": Answer(403)}` scripts the other calls
(keys: the table `DEFAULT_REPLIES`); a list is used up one by one, its last item for ever.
`api.add(Event(...))` extends the script while the client runs. `Post.chunks` grows while a body is still
coming (see `api.receiving`), so that a test can see a stream's first bytes before its end.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

PREFIX = "/2018-06-01/runtime/"
NEXT = PREFIX + "invocation/next"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:fake"
ACCEPTED = b'{"status":"OK"}\n'
INVALID_ID = b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n'


@dataclass
class Answer:
    """One HTTP answer, and the ways in which it goes wrong.

    `raw` replaces the whole answer (a list is sent piece by piece). `split` sends at most so many bytes at a
    time. `cut` stops after so many bytes and closes. `framing` "none" sends no length and closes at the end.
    """

    status: int = 202
    body: bytes = ACCEPTED
    headers: Mapping[str, str | None] = field(default_factory=dict)
    framing: Literal["length", "chunked", "none"] = "length"
    raw: bytes | Sequence[bytes] | None = None
    split: int | None = None
    cut: int | None = None
    after: Literal["keep", "close"] = "keep"

    def pieces(self) -> Iterable[bytes]:
        """The bytes to send, in the pieces in which to send them."""
        if self.raw is not None and not isinstance(self.raw, bytes):
            return self.raw
        data = self._whole() if self.raw is None else self.raw
        data = data if self.cut is None else data[: self.cut]
        step = self.split or max(1, len(data))
        return [data[i : i + step] for i in range(0, len(data), step)]

    @property
    def closes(self) -> bool:
        return self.after == "close" or self.cut is not None or self.framing == "none"

    def _whole(self) -> bytes:
        headers = {"Content-Type": "application/json", **self.headers}
        body = self.body
        if self.framing == "length":
            headers.setdefault("Content-Length", str(len(body)))
        if self.framing == "chunked":
            headers.setdefault("Transfer-Encoding", "chunked")
            body = chunk(body)
        lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value is not None]
        head = f"HTTP/1.1 {self.status} Status\r\n{''.join(lines)}\r\n"
        return head.encode("utf-8", "surrogateescape") + body


def chunk(body: bytes, size: int = 65536) -> bytes:
    """`body` in HTTP chunks of `size` bytes, with the closing chunk."""
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Event(Answer):
    """The answer to one `next`: `body` is bytes, or a JSON value; `reply` answers its response or error."""

    def __init__(
        self, body: Any = b"{}", *, reply: Answer | None = None, timeout_ms: int = 60_000, **answer: Any
    ) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        super().__init__(**{"status": 200, "body": data, **answer})
        self.reply = reply or Answer()
        self.timeout_ms = timeout_ms

    def with_id(self, number: int) -> Event:
        """Fill in the headers that the service always sends, as late as possible (the deadline)."""
        self.headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id(number),
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + self.timeout_ms),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            **self.headers,
        }
        return self


def request_id(number: int) -> str:
    """The request id of the script's `number`-th event, counted from 1."""
    return f"00000000-0000-4000-8000-{number:012d}"


@dataclass
class Post:
    """One request other than `next` (a GET too), as it came: header names in lower case, the head's bytes."""

    method: str
    path: str
    headers: dict[str, str]
    raw_head: bytes
    connection: int
    chunks: list[bytes] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)
    whole: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def call(self) -> str:
        """The call's name as in `DEFAULT_REPLIES`: "response", "error", "init/error", ..."""
        tail = self.path.removeprefix(PREFIX).removeprefix("/2020-01-01/")
        return tail.rsplit("/", 1)[-1] if tail.startswith("invocation/") else tail

    def json(self) -> Any:
        return json.loads(self.body)


HOLD = Answer(raw=[])  # never answered
DEFAULT_REPLIES: Mapping[str, Answer] = {
    "init/error": Answer(),
    "restore/next": Answer(200, b""),
    "restore/error": Answer(),
    "extension/register": Answer(
        200,
        b'{"functionName":"fake","functionVersion":"$LATEST","handler":"app.handler"}',
        {"Lambda-Extension-Identifier": "7f000001-0000-4000-8000-000000000001"},
    ),
    "extension/event/next": HOLD,
    "extension/init/error": Answer(),
    "extension/exit/error": Answer(),
}


class FakeRuntimeApi:
    """The server (see the module): `posts` has requests in the order of their end, `nexts` counts."""

    def __init__(
        self,
        events: Iterable[Event] = (),
        *,
        end: Answer = HOLD,
        replies: Mapping[str, Answer | Sequence[Answer]] | None = None,
    ) -> None:
        self.events = list(events)
        self.end = end
        self.posts: list[Post] = []
        self.receiving: list[Post] = []
        self.errors: list[str] = []
        self.nexts = self.holding = self.connections = self._sent = 0
        self.changed = threading.Condition()
        script = {**DEFAULT_REPLIES, **(replies or {})}
        self._replies = {name: list(_as_list(reply)) for name, reply in script.items()}
        self._closed = False
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> FakeRuntimeApi:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and cut every connection; held calls are answered with the end of the connection."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()
            sockets = [self._listener, *self._sockets]
        for sock in sockets:
            _shut(sock)
        self._listener.close()

    def add(self, *events: Event) -> None:
        """Extend the script; a held `next` gets the event at once."""
        with self.changed:
            self.events.extend(events)
            self.changed.notify_all()

    def drained(self) -> bool:
        """Every event was fetched and answered, and a client waits for the next one."""
        answered = {post.path.split("/")[-2] for post in self.posts if post.call in ("response", "error")}
        return self._sent == len(self.events) and len(answered) >= self._sent and self.holding > 0

    def wait_until(self, condition: Callable[[], Any], timeout: float = 20) -> None:
        """Wait until `condition()` is true (looked at after every change), `timeout` seconds at most."""
        with self.changed:
            assert self.changed.wait_for(condition, timeout), f"not within {timeout} s: {self._describe()}"

    def _describe(self) -> str:
        posts = [(post.call, post.body[:200]) for post in self.posts]
        events = f"{self._sent} of {len(self.events)} events sent, {self.holding} next held"
        return f"{events}, posts {posts}, errors {self.errors}"

    def _note(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def _accept(self) -> None:
        while not self._closed:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                self._sockets.append(sock)
                self.connections += 1
            threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            reader = _Reader(sock)
            while self._one_request(sock, reader, number):
                pass
        except (OSError, EOFError):
            return  # the client went away, or the test closed the server
        except ValueError as error:
            self.errors.append(f"bad request: {error}")
        finally:
            _shut(sock)
            sock.close()
            self._note()

    def _one_request(self, sock: socket.socket, reader: _Reader, number: int) -> bool:
        head = reader.head()
        if not head:
            return False
        method, path, headers = _parse_head(head)
        post = Post(method, path, headers, head, number)
        answer = self._next(sock) if path == NEXT else self._receive(reader, post)
        if answer is HOLD:
            self._wait_for_end(sock, lambda: False)
            return False
        return _send(sock, answer)

    def _next(self, sock: socket.socket) -> Answer:
        with self.changed:
            self.nexts += 1
            self.holding += 1
            self.changed.notify_all()
        try:
            return self._next_event(sock)
        finally:
            with self.changed:
                self.holding -= 1

    def _next_event(self, sock: socket.socket) -> Answer:
        while True:
            with self.changed:
                if self._sent < len(self.events):
                    self._sent += 1
                    return self.events[self._sent - 1].with_id(self._sent)
            if self.end is not HOLD:
                return self.end
            if not self._wait_for_end(sock, lambda: self._sent < len(self.events)):
                return HOLD

    def _wait_for_end(self, sock: socket.socket, ready: Callable[[], bool]) -> bool:
        """Wait until `ready()`; False when the server closes or the client hangs up first."""
        while not self._closed and not _gone(sock):
            with self.changed:
                if self.changed.wait_for(lambda: self._closed or ready(), 0.05):
                    return not self._closed
        return False

    def _receive(self, reader: _Reader, post: Post) -> Answer:
        with self.changed:
            self.receiving.append(post)
        if post.headers.get("expect", "").lower() == "100-continue":
            reader.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        for piece in reader.body(post):
            with self.changed:
                post.chunks.append(piece)
                self.changed.notify_all()
        with self.changed:
            post.whole = True
            self.posts.append(post)
            answer = self._reply(post)
            self.changed.notify_all()
        return answer

    def _reply(self, post: Post) -> Answer:
        if post.call in ("response", "error"):
            wanted = post.path.split("/")[-2]
            sent = enumerate(self.events[: self._sent], 1)
            replies = (event.reply for number, event in sent if _id_of(event, number) == wanted)
            return next(replies, Answer(400, INVALID_ID))
        script = self._replies.get(post.call, [Answer(404, b"404 page not found\n")])
        return script.pop(0) if len(script) > 1 else script[0]


def _id_of(event: Event, number: int) -> str:
    return event.headers.get("Lambda-Runtime-Aws-Request-Id") or request_id(number)


def _as_list(reply: Answer | Sequence[Answer]) -> Sequence[Answer]:
    return [reply] if isinstance(reply, Answer) else reply


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return method, path, {name.lower(): value.strip() for name, _, value in pairs}


def _send(sock: socket.socket, answer: Answer) -> bool:
    for piece in answer.pieces():
        sock.sendall(piece)
    return not answer.closes


def _gone(sock: socket.socket) -> bool:
    """Whether the peer has hung up (it sends nothing while it waits, so readable means closed)."""
    readable, _, _ = select.select([sock], [], [], 0)
    return bool(readable) and not sock.recv(1, socket.MSG_PEEK)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # not connected, or closed already
        sock.shutdown(socket.SHUT_RDWR)


class _Reader:
    """Reads requests from one connection: content-length and chunked bodies, trailers."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = bytearray()

    def head(self) -> bytes:
        """The next request's head with its empty line; b"" at the end of the connection."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return b""
        return self._take(self.buffer.index(b"\r\n\r\n") + 4)

    def body(self, post: Post) -> Iterable[bytes]:
        """The body in pieces as they arrive (a chunk is one piece); fills in `post.trailers`."""
        if "chunked" in post.headers.get("transfer-encoding", "").lower():
            yield from self._chunks(post)
            return
        left = int(post.headers.get("content-length", 0))
        while left:
            if not self.buffer and not self._more():
                raise EOFError
            piece = self._take(min(left, len(self.buffer)))
            left -= len(piece)
            yield piece

    def _chunks(self, post: Post) -> Iterable[bytes]:
        while size := int(self._line().split(b";")[0], 16):
            data = self._exactly(size + 2)
            if data[-2:] != b"\r\n":
                raise ValueError(f"chunk of {size} bytes not followed by CRLF")
            yield data[:-2]
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            post.trailers[name.lower()] = value.strip()

    def _line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            if not self._more():
                raise EOFError
        return self._take(self.buffer.index(b"\r\n") + 2)[:-2]

    def _exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            if not self._more():
                raise EOFError
        return self._take(size)

    def _more(self) -> bool:
        data = self.sock.recv(262144)
        self.buffer += data
        return bool(data)

    def _take(self, size: int) -> bytes:
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data
