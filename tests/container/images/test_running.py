"""Both variants as containers: unprivileged, on a read-only root, called over HTTP from outside."""

from __future__ import annotations

import concurrent.futures
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.container.images.sandbox import running, serving
from tests.fake_runtime_api import Event, FakeRuntimeApi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.container.images.sandbox import Container
    from tests.container.images.store import Store

CALLERS = 16
LARGE = 6_000_000
# How often a start is measured at most, and how many times as long it may take.
STARTS, MOST = 20, 1.25


@pytest.fixture(scope="module")
def container(store: Store, variant: str) -> Iterator[Container]:
    """One that most tests call; its timeout is short, as AWS's emulator's variable says."""
    name = f"localhost/function:{variant}"
    settings = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "2", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"}
    with running(store.root(name), store.image(name).config, settings) as started:
        yield serving(started)


def test_the_function_sees_what_it_sees_on_lambda(container: Container) -> None:
    trace = "Root=1-65d1a6c8-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"
    reply = container.post({"do": "see"}, {"X-Amzn-Trace-Id": trace})
    seen = reply.body
    assert reply.status == 200
    assert seen["greeting"] == "hello world"
    assert seen["user"] == [993, 990, []]
    assert (seen["directory"], seen["code"], seen["byte_code"]) == ("/var/task", "/var/task/app.py", True)
    assert seen["certificates"] > 50
    assert seen["berlin"] == 14
    assert seen["first_process"][:4] == ["python3", "-m", "lambdakit.container", "app.handler"]
    assert seen["environment"]["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert seen["environment"]["_X_AMZN_TRACE_ID"].startswith("Root=1-65d1a6c8-0123456789abcdef01234567;")


def test_only_tmp_can_be_written_to(container: Container) -> None:
    places = ["/", "/tmp", "/var/task", "/opt", "/usr", "/etc", "/home", "/var", "/dev"]
    assert container.post({"do": "write", "places": places}).body == ["/tmp"]


def test_sixteen_callers_at_once(container: Container) -> None:
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        replies = list(pool.map(container.post, [{"do": "meet", "callers": CALLERS}] * CALLERS))
    assert not [reply for reply in replies if "x-amz-function-error" in reply.headers]
    assert len({reply.body for reply in replies}) == CALLERS


def test_a_timeout(container: Container) -> None:
    reply = container.post({"do": "sleep", "seconds": 30})
    assert (reply.status, reply.headers["x-amz-function-error"]) == (200, "Unhandled")
    assert reply.body["errorType"] == "Sandbox.Timedout"
    assert reply.body["errorMessage"].endswith("Task timed out after 2.00 seconds")


def test_a_crash(container: Container) -> None:
    reply = container.post({"do": "exit", "status": 7})
    assert (reply.status, reply.headers["x-amz-function-error"]) == (200, "Unhandled")
    assert reply.body["errorType"] == "Runtime.ExitError"
    assert reply.body["errorMessage"].endswith("Runtime exited with error: exit status 7")
    assert container.post("again").body == {"what": "again"}


def test_six_megabytes_in_and_out(container: Container) -> None:
    assert container.post({"do": "length", "text": "x" * LARGE}).body == LARGE
    assert len(container.post({"do": "repeat", "times": LARGE}).body) == LARGE


def test_the_figures_in_the_log_are_true(container: Container) -> None:
    container.post("figures")
    used = container.wait_for("Max Memory Used: ").partition("Max Memory Used: ")[2]
    assert 5 <= int(used.split()[0]) < 200


def test_zombies_are_reaped(container: Container) -> None:
    assert container.post({"do": "orphan"}).body == []


def test_the_health_check(store: Store, variant: str) -> None:
    name = f"localhost/function:{variant}"
    root, config = store.root(name), store.image(name).config
    check = config["Healthcheck"]["Test"][1:]
    with running(root, config) as started:
        port = {"LAMBDAKIT_FRONT_PORT": str(serving(started).port)}
        with running(root, config, port, check) as well:
            assert well.wait() == 0, well.lines
    with running(root, config, port, check) as unwell:
        assert unwell.wait() == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_what_is_running(store: Store, variant: str, number: signal.Signals) -> None:
    name = f"localhost/function:{variant}"
    root, config = store.root(name), store.image(name).config
    with running(root, config) as started, concurrent.futures.ThreadPoolExecutor(1) as pool:
        reply = pool.submit(serving(started).post, {"do": "sleep", "seconds": 0.5})
        started.wait_for("START RequestId")
        started.signal(number)
        assert reply.result().body is None
        assert started.wait() == 0


def test_in_an_execution_environment_it_is_the_runtime_and_its_status_is_kept(store: Store, variant: str) -> None:
    name = f"localhost/function:{variant}"
    root, config = store.root(name), store.image(name).config
    events = [Event({"do": "see"}), Event({"do": "exit", "status": 7})]
    with FakeRuntimeApi(events) as api:
        began = time.perf_counter()
        with running(root, config, {"AWS_LAMBDA_RUNTIME_API": api.address}) as started:
            assert started.wait() == 7, started.lines
        assert len(api.posts) == 1, f"{time.perf_counter() - began} s"
    assert b'"hello world"' in api.posts[0].body


def test_a_handler_that_is_not_there_is_said(store: Store, variant: str) -> None:
    name = f"localhost/function:{variant}"
    root, config = store.root(name), store.image(name).config
    with running(root, config, {"AWS_LAMBDA_FUNCTION_HANDLER": "app.nothing"}) as started:
        reply = serving(started).post({})
        assert reply.headers["x-amz-function-error"] == "Unhandled"
        assert reply.body["errorType"] == "Runtime.HandlerNotFound"
        assert started.end() == 0


def test_the_entry_point_costs_a_start_next_to_nothing(store: Store, variant: str) -> None:
    """Against the runtime itself in the same container. The least of some: the more, the less of it is other work's."""
    name = f"localhost/function:{variant}"
    root, config = store.root(name), store.image(name).config
    plain = ["python3", "-m", "lambdakit.runtime", "app.handler"]
    entry_points, runtimes = [float("inf")], [1.0]
    while len(runtimes) <= STARTS and (len(runtimes) < 5 or min(entry_points) / min(runtimes) > MOST):
        entry_points.append(seconds_to_next(root, config, []))
        runtimes.append(seconds_to_next(root, config, plain))
    times = (
        f"entry point to first next {min(entry_points) * 1e3:.1f} ms, the runtime itself {min(runtimes) * 1e3:.1f} ms"
    )
    print(f"{variant}: {times}")
    assert min(entry_points) / min(runtimes) <= MOST, times


def seconds_to_next(root: Path, config: Mapping[str, Any], command: list[str]) -> float:
    """From the start of the container's first process to its first request to the Runtime API."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        api = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{listener.getsockname()[1]}"}
        with running(root, config, api, command) as started:
            sock, _ = listener.accept()
            with sock:
                assert sock.recv(4096).startswith(b"GET /2018-06-01/runtime/invocation/next ")
                now = time.monotonic()
                return now - float(started.wait_for("entered at ").split()[-1])
