"""What a server answers: to calls in and out of order, to responses that are cut, slow or of unusual form.

The function takes the runtime's place: its module talks to the Runtime API while it is imported and never returns, so
that a row shows the servers; which runtime has imported it makes no difference, and one is enough.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from tests.conformance.behaviours.lifecycle import ONE_SECOND
from tests.conformance.case import SERVERS, Step, module

if TYPE_CHECKING:
    from tests.conformance.case import Case

# `call` gives status, content type, allowed method and body; `event` the next event's id and body.
TALKING = """
import http.client, json, os, socket, time
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
def call(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(API, timeout=20)
    try:
        connection.request(method, path if path[:2] == "/2" else "/2018-06-01/runtime" + path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read().decode()
    except OSError as error:
        return None, "connection lost"
    finally:
        connection.close()
def told(method, path, body=None, headers={}):
    answer, text = call(method, path, body, headers)
    return answer and [answer.status, answer.getheader("Content-Type"), answer.getheader("Allow"), text]
def event():
    answer, text = call("GET", "/invocation/next")
    return answer.getheader("Lambda-Runtime-Aws-Request-Id"), text
def respond(id, body="{}", headers={}):
    return told("POST", f"/invocation/{id}/response", body, headers)
def error(id, body="{}", headers={}):
    return told("POST", f"/invocation/{id}/error", body, headers)
def raw(id, head, *pieces):
    connection = socket.create_connection(API.split(":"))
    line = f"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1"
    connection.sendall(f"{line}\\r\\nHost: x\\r\\n{head}\\r\\n\\r\\n".encode())
    for piece in pieces:
        connection.sendall(piece)
    return connection
MODE = "Lambda-Runtime-Function-Response-Mode"
"""
STREAMING = "Transfer-Encoding: chunked\\r\\nLambda-Runtime-Function-Response-Mode: streaming"
CHUNKED = "Transfer-Encoding: chunked"


def talks(id: str, contract: str, script: str, steps: int = 1, **options: Any) -> Case:
    """A case whose module is the runtime; after its last line it waits for an event that never comes."""
    source = f"{TALKING}\n{textwrap.dedent(script).strip()}\nevent()\n"
    events = tuple(Step(b"%d" % number) for number in range(1, steps + 1))
    return module(f"server.{id}", contract, source, steps=events, runtimes=SERVERS, **options)


CASES: tuple[Case, ...] = (
    talks("paths", "unknown paths and wrong methods", """
        id, _ = event()
        routes = ["/2018-06-01/ping", "/2018-06-01/ping/", "/2018-06-01/runtime", "/invocation/next/", "/restore/next"]
        found = [told("GET", path) for path in (*routes, f"/invocation/{id}/response", "/init/error")]
        found += [told("POST", path) for path in ("/invocation/next", "/2018-06-01/ping", f"/invocation/{id}")]
        respond(id, json.dumps(found))
        """),
    talks("other-id", "what is said of another invocation is refused", """
        id, _ = event()
        other = "00000000-0000-4000-8000-000000000000"
        respond(id, json.dumps([respond(other), error(other), respond("x")]))
        """),
    talks("next-twice", "next during an invocation gives the same event again", """
        id, _ = event()
        respond(id, json.dumps(told("GET", "/invocation/next")))
        """),
    talks("init-error-late", "an init error during an invocation is refused", """
        id, _ = event()
        respond(id, json.dumps(told("POST", "/init/error", "{}")))
        """),
    talks("response-twice", "a second response, or an error after one, is refused", """
        id, _ = event()
        found = [respond(id, '"first"'), respond(id, '"second"'), error(id)]
        id, _ = event()
        respond(id, json.dumps(found))
        """, steps=2),
    talks("error-twice", "so is what comes after an error", """
        id, _ = event()
        found = [error(id, '"first"'), error(id, '"second"'), respond(id)]
        id, _ = event()
        respond(id, json.dumps(found))
        """, steps=2),
    talks("old-id", "and a response for the event before", """
        old, _ = event()
        respond(old, '"first"')
        id, _ = event()
        respond(id, json.dumps([respond(old), error(old)]))
        """, steps=2),
    talks("response-first", "a response before the first event is refused", """
        found = respond("00000000-0000-4000-8000-000000000000")
        id, _ = event()
        respond(id, json.dumps(found))
        """, setting=ONE_SECOND),
    talks("bodies", "a response is passed on as it is", r"""
        for body in (b"", b"not JSON", b" {} ", b"null", "\u00e9".encode(), b"1\n2"):
            respond(event()[0], body)
        """, steps=6),
    talks("error-bodies", "so is an error, but for the content type that has a cause in it", """
        CAUSE = "application/vnd.aws.lambda.error.cause+json"
        whole = {"errorMessage": "m", "errorType": "t", "stackTrace": ["s"], "errorCause": {"message": "c"}, "more": 1}
        error(event()[0], json.dumps(whole), {"Content-Type": CAUSE})
        error(event()[0], "no JSON", {"Content-Type": CAUSE})
        error(event()[0], json.dumps(whole), {"Content-Type": "application/json"})
        error(event()[0], "no JSON")
        error(event()[0], "")
        """, steps=5),
    talks("chunked", "a response in chunks needs no mode", f"""
        connection = raw(event()[0], "{CHUNKED}", b"3\\r\\n[1,\\r\\n", b"2\\r\\n2]\\r\\n0\\r\\n\\r\\n")
        connection.recv(1000)
        """),
    talks("chunked-trailers", "and may announce trailers that never come", f"""
        head = "{CHUNKED}\\r\\nTrailer: Lambda-Runtime-Function-Error-Type"
        connection = raw(event()[0], head, b"1\\r\\n1\\r\\n0\\r\\n\\r\\n")
        connection.recv(1000)
        """),
    talks("streamed", "whoever waits for the whole gets a streamed response whole", f"""
        connection = raw(event()[0], "{STREAMING}", b"3\\r\\none\\r\\n", b"3\\r\\ntwo\\r\\n0\\r\\n\\r\\n")
        connection.recv(1000)
        """),
    talks("streamed-error", "an error in trailers takes the place of what was streamed", f"""
        connection = raw(event()[0], "{STREAMING}\\r\\nTrailer: Lambda-Runtime-Function-Error-Body",
            b"3\\r\\none\\r\\n0\\r\\nLambda-Runtime-Function-Error-Type: Function.E\\r\\n"
            b"Lambda-Runtime-Function-Error-Body: eyJlcnJvclR5cGUiOiJFIn0=\\r\\n\\r\\n")
        connection.recv(1000)
        """),
    talks("streamed-exit", "a process that ends while it streams", f"""
        connection = raw(event()[0], "{STREAMING}", b"3\\r\\none\\r\\n")
        os._exit(7)
        """, setting=ONE_SECOND),
    talks("streamed-timeout", "a stream that runs into the timeout", f"""
        connection = raw(event()[0], "{STREAMING}", b"3\\r\\none\\r\\n")
        time.sleep(30)
        """, setting=ONE_SECOND),
    talks("response-cut", "a response that is shorter than it says", """
        connection = raw(event()[0], "Content-Length: 10", b"12345")
        connection.close()
        """, setting=ONE_SECOND),
    talks("chunks-cut", "chunks without an end", f"""
        connection = raw(event()[0], "{CHUNKED}", b"3\\r\\none\\r\\n")
        connection.close()
        """, setting=ONE_SECOND),
    talks("mode", "a response mode that there is not", """
        id, _ = event()
        found = respond(id, '"x"', {MODE: "Streaming"})
        respond(id, json.dumps(found))
        """, setting=ONE_SECOND),
    talks("exit-after-response", "a process that ends after its response, before the next event", """
        id, body = event()
        respond(id, body)
        os._exit(3)
        """, steps=2),
    talks("slow-after-response", "one that is still busy when its time is over", """
        id, body = event()
        respond(id, body)
        time.sleep(30)
        """, steps=2, setting=ONE_SECOND),
    talks("init-error-twice", "a second init error is refused, and so is next", """
        found = [told("POST", "/init/error", '{"errorType": "E"}') for _ in range(2)]
        print(json.dumps([*found, told("GET", "/invocation/next")]), flush=True)
        os._exit(1)
        """, looks_at=("result", "log")),
    talks("init-error-stays", "a process that stays after its init error", """
        told("POST", "/init/error", '{"errorType": "E"}')
        time.sleep(30)
        """, setting=ONE_SECOND),
    talks("exit-before-next", "a process that ends before the first event", "os._exit(5)"),
)  # fmt: skip
