"""Many functions, many environments: which environment an event gets, who is throttled, and how it all ends."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from lambdakit.emulator import InvokeRequest, LocalService
from lambdakit.emulator.function import Invocation
from lambdakit.emulator.lanes import Trip
from lambdakit.exceptions import EnvironmentStoppedError, ServiceError, ThrottledError, UsageError
from tests.engine_support import app_config, run, until

WHO = """
    import os, time
    count = 0
    def handler(event, context):
        global count
        count += 1
        if isinstance(event, dict) and "until" in event:
            while not os.path.exists(event["until"]):
                time.sleep(0.005)
        if event == "exit":
            os._exit(7)
        return {
            "pid": os.getpid(), "count": count, "init": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
            "arn": context.invoked_function_arn, "tmp": os.environ["TMPDIR"], "tenant": context.tenant_id,
        }
"""
ARN = "arn:aws:lambda:us-east-1:123456789012:function:engine-test"


def who(result):
    assert result.function_error is None, result.payload
    return json.loads(result.payload)


async def all_of(service, *requests):
    return await asyncio.gather(*(service.invoke(request) for request in requests))


def serve(tmp_path, test, *, changes=None, **options):
    """Run `test(service)` with one function, `engine-test`."""

    async def go():
        async with LocalService(**options) as service:
            service.add(app_config(tmp_path, WHO, **(changes or {})))
            await test(service)

    run(go())


def holding(tmp_path, name="gate"):
    """A request whose function runs until the gate is opened, and what opens it."""
    gate = tmp_path / name
    return InvokeRequest("engine-test", json.dumps({"until": str(gate)}).encode()), gate.touch


# which environment


def test_one_after_the_other_share_an_environment(tmp_path):
    async def test(service):
        seen = [who(await service.invoke(InvokeRequest("engine-test"))) for _ in range(3)]
        assert [one["count"] for one in seen] == [1, 2, 3]
        assert service.environments("engine-test") == 1
        assert service.ledger.running == 0

    serve(tmp_path, test)


def test_at_once_each_gets_its_own_and_the_last_used_is_taken_first(tmp_path):
    async def test(service):
        held, open_gate = holding(tmp_path)
        first = asyncio.create_task(service.invoke(held))
        second = who(await service.invoke(InvokeRequest("engine-test")))
        open_gate()
        last = who(await first)
        assert last["pid"] != second["pid"]
        third = who(await service.invoke(InvokeRequest("engine-test")))
        assert third["pid"] == last["pid"]
        assert service.environments("engine-test") == 2

    serve(tmp_path, test)


def test_whoever_has_an_answer_finds_the_environment_that_gave_it(tmp_path):
    """The answer comes before the runtime asks for another event; the next event must wait for that moment."""

    async def test(service):
        pids = set()
        for _ in range(100):
            running = service.dispatch(InvokeRequest("engine-test"))
            pids.add(json.loads((await running.answer()).payload)["pid"])
        assert len(pids) == 1
        assert service.environments("engine-test") == 1

    serve(tmp_path, test)


def test_a_runtime_that_does_not_come_back_is_not_waited_for_long(tmp_path):
    source = """
        import threading, time, os
        from pathlib import Path
        import lambdakit.runtime.client as client
        original = client.RuntimeApi.next
        def slow(self):
            while Path("hang").exists():
                time.sleep(0.01)
            return original(self)
        client.RuntimeApi.next = slow
        client.NEXT_AHEAD = "never"
        def handler(event, context):
            if event == "hang":
                Path("hang").touch()
            return os.getpid()
    """

    async def go():
        async with LocalService() as service:
            service.add(app_config(tmp_path, source))
            first = await service.dispatch(InvokeRequest("engine-test", b'"hang"')).answer()
            second = asyncio.create_task(service.invoke(InvokeRequest("engine-test")))
            await until(lambda: service.environments("engine-test") == 2)
            (tmp_path / "hang").unlink()
            assert (await second).payload != first.payload

    run(go())


def test_a_failed_process_is_replaced_in_its_environment_and_keeps_its_temporary_files(tmp_path):
    async def test(service):
        before = who(await service.invoke(InvokeRequest("engine-test")))
        (Path(before["tmp"]) / "kept").touch()
        failed = await service.invoke(InvokeRequest("engine-test", b'"exit"'))
        assert failed.error_type == "Runtime.ExitError"
        after = who(await service.invoke(InvokeRequest("engine-test")))
        assert after["pid"] != before["pid"]
        assert after["tmp"] == before["tmp"]
        assert os.listdir(after["tmp"]) == ["kept"]
        assert service.environments("engine-test") == 1
        await service.stop()
        assert not Path(after["tmp"]).exists()

    serve(tmp_path, test)


def test_environments_without_work_are_stopped(tmp_path):
    async def test(service):
        pid = who(await service.invoke(InvokeRequest("engine-test")))["pid"]
        await until(lambda: service.environments("engine-test") == 0)
        assert who(await service.invoke(InvokeRequest("engine-test")))["pid"] != pid

    serve(tmp_path, test, idle_seconds=0.05)


def test_environments_that_take_several_events_are_filled_before_another_is_started(tmp_path):
    async def test(service):
        gates = [holding(tmp_path, f"gate{number}") for number in range(3)]
        tasks = [asyncio.create_task(service.invoke(request)) for request, _ in gates]
        await until(lambda: service.environments("engine-test") == 2)
        for _, open_gate in gates:
            open_gate()
        await asyncio.gather(*tasks)
        assert service.environments("engine-test") == 2
        again = [InvokeRequest("engine-test")] * 1
        await all_of(service, *again)
        assert service.environments("engine-test") == 2

    serve(tmp_path, test, changes={"max_concurrency": 2})


def test_tenants_never_share_an_environment(tmp_path):
    async def test(service):
        requests = [InvokeRequest("engine-test", tenant_id=tenant) for tenant in ("blue", "green", "blue", "green")]
        seen = [who(await service.invoke(request)) for request in requests]
        assert [one["tenant"] for one in seen] == ["blue", "green", "blue", "green"]
        assert seen[0]["pid"] == seen[2]["pid"] != seen[1]["pid"] == seen[3]["pid"]
        with pytest.raises(ServiceError, match="Add a valid tenant ID"):
            await service.invoke(InvokeRequest("engine-test"))

    serve(tmp_path, test, changes={"tenant_isolation": True})


def test_a_tenant_is_refused_where_tenants_are_not_kept_apart(tmp_path):
    async def test(service):
        with pytest.raises(ServiceError, match="does not have tenant isolation") as caught:
            await service.invoke(InvokeRequest("engine-test", tenant_id="blue"))
        assert caught.value.code == "InvalidParameterValueException"

    serve(tmp_path, test)


# concurrency


async def throttle_of(service, request=None):
    with pytest.raises(ThrottledError) as caught:
        await service.invoke(request or InvokeRequest("engine-test"))
    error = caught.value
    assert (error.status, error.code, error.message) == (429, "TooManyRequestsException", "Rate Exceeded.")
    return error.reason


def test_the_account_limit_throttles_at_once_and_an_answer_makes_room(tmp_path):
    async def test(service):
        held, open_gate = holding(tmp_path)
        running = service.dispatch(held)
        assert await throttle_of(service) == "ConcurrentInvocationLimitExceeded"
        open_gate()
        await running.answer()
        await service.invoke(InvokeRequest("engine-test"))
        assert service.environments("engine-test") == 1

    serve(tmp_path, test, concurrency=1)


def test_reserved_concurrency_is_a_limit_and_zero_turns_the_function_off(tmp_path):
    async def test(service):
        service.reserve("engine-test", 1)
        held, open_gate = holding(tmp_path)
        running = service.dispatch(held)
        assert await throttle_of(service) == "ReservedFunctionConcurrentInvocationLimitExceeded"
        open_gate()
        await running.result()
        await service.invoke(InvokeRequest("engine-test"))
        service.reserve("engine-test", 0)
        assert await throttle_of(service) == "ReservedFunctionConcurrentInvocationLimitExceeded"
        service.reserve("engine-test", None)
        await service.invoke(InvokeRequest("engine-test"))

    serve(tmp_path, test)


def test_a_reservation_is_taken_from_the_others_who_keep_a_hundred(tmp_path):
    async def test(service):
        service.add(app_config(tmp_path, WHO, name="other"))
        service.reserve("engine-test", 900)
        assert service.ledger.unreserved == 100
        with pytest.raises(ServiceError, match=r"below its minimum value of \[100\]") as caught:
            service.reserve("other", 1)
        assert caught.value.code == "InvalidParameterValueException"
        service.remove("engine-test")
        assert service.ledger.unreserved == 1000
        service.reserve("other", 900)

    serve(tmp_path, test)


def test_provisioned_environments_are_initialised_ahead_and_used_first(tmp_path):
    async def test(service):
        assert await service.provision("engine-test", 2) == 2
        assert service.environments("engine-test") == 2
        assert service.ledger.unreserved == 998
        result = await service.invoke(InvokeRequest("engine-test"))
        assert who(result)["init"] == "provisioned-concurrency"
        held = [holding(tmp_path, f"gate{number}") for number in range(2)]
        tasks = [asyncio.create_task(service.invoke(request)) for request, _ in held]
        await until(lambda: service.ledger.running == 2)
        assert who(await service.invoke(InvokeRequest("engine-test")))["init"] == "on-demand"
        for _, open_gate in held:
            open_gate()
        await asyncio.gather(*tasks)
        await service.provision("engine-test", 0)
        await until(lambda: service.environments("engine-test") == 1)
        assert service.ledger.unreserved == 1000

    serve(tmp_path, test)


def test_all_of_a_reservation_provisioned_leaves_nothing_on_demand(tmp_path):
    async def test(service):
        service.reserve("engine-test", 1)
        await service.provision("engine-test", 1)
        held, open_gate = holding(tmp_path)
        running = service.dispatch(held)
        assert await throttle_of(service) == "ReservedFunctionConcurrentInvocationLimitExceeded"
        open_gate()
        await running.result()
        with pytest.raises(ServiceError, match="should not be greater than the reserved"):
            await service.provision("engine-test", 2)
        with pytest.raises(ServiceError, match=r"total provisioned concurrency \[1\]"):
            service.reserve("engine-test", 0)

    serve(tmp_path, test)


def test_provisioned_environments_that_cannot_be_initialised_are_not_counted(tmp_path):
    async def go():
        async with LocalService() as service:
            service.add(app_config(tmp_path, "raise ValueError('no')"))
            assert await service.provision("engine-test", 1) == 0
            assert (await service.invoke(InvokeRequest("engine-test"))).function_error == "Unhandled"

    run(go())


def test_more_provisioned_than_the_account_has_left_is_refused(tmp_path):
    async def test(service):
        with pytest.raises(ServiceError, match=r"unreserved concurrency \[1000\]"):
            await service.provision("engine-test", 1001)
        with pytest.raises(ServiceError, match=r"below its minimum value of \[100\]"):
            await service.provision("engine-test", 901)

    serve(tmp_path, test)


def test_with_few_environments_events_wait_for_their_turn(tmp_path):
    async def test(service):
        held = [holding(tmp_path, f"gate{number}") for number in range(2)]
        tasks = [asyncio.create_task(service.invoke(request)) for request, _ in held]
        await until(lambda: service.environments("engine-test") == 2)
        turns = [service.dispatch(InvokeRequest("engine-test", b"%d" % number)) for number in range(6)]
        service.replace(service.functions["engine-test"])
        for _, open_gate in held:
            open_gate()
        await asyncio.gather(*tasks)
        counts = [who(await turn.result())["count"] for turn in turns]
        assert max(counts) >= 4
        await until(lambda: service.environments("engine-test") == 0 and not service._places)
        assert service.ledger.running == 0

    serve(tmp_path, test, environments=2)


# functions


@pytest.mark.parametrize(
    ("function", "qualifier", "arn"),
    [
        ("engine-test", None, ARN),
        ("function", None, ARN),
        ("engine-test:$LATEST", None, f"{ARN}:$LATEST"),
        ("engine-test", "$LATEST", f"{ARN}:$LATEST"),
        ("123456789012:function:engine-test", None, ARN),
        ("function:engine-test", None, ARN),
        (f"{ARN}:$LATEST", "$LATEST", f"{ARN}:$LATEST"),
        (ARN, None, ARN),
    ],
)
def test_ways_to_name_a_function(tmp_path, function, qualifier, arn):
    async def test(service):
        assert who(await service.invoke(InvokeRequest(function, qualifier=qualifier)))["arn"] == arn

    serve(tmp_path, test)


@pytest.mark.parametrize(
    ("function", "qualifier", "code", "message"),
    [
        ("nobody", None, "ResourceNotFoundException", f"Function not found: {ARN[:-11]}nobody:$LATEST"),
        ("engine-test", "7", "ResourceNotFoundException", f"Function not found: {ARN}:7"),
        ("engine-test:live", None, "ResourceNotFoundException", f"Function not found: {ARN}:live"),
        ("engine-test:1", "2", "InvalidParameterValueException", "The derived qualifier from the function name"),
        (ARN.replace("us-east-1", "eu-west-1"), None, "ResourceNotFoundException", "Functions from 'eu-west-1' are"),
        (ARN.replace("1234", "4321"), None, "AccessDeniedException", ""),
        ("a:b:c", None, "ValidationException", "1 validation error detected: Value 'a:b:c' at 'functionName' failed"),
        ("engine-test", "no way", "ValidationException", "1 validation error detected: Value 'no way' at 'qualifier'"),
        ("x" * 257, None, "ValidationException", "1 validation error detected: Value 'xxx"),
        ("engine-test", "x" * 129, "ValidationException", "1 validation error detected: Value 'xxx"),
    ],
)
def test_names_that_are_refused(tmp_path, function, qualifier, code, message):
    async def test(service):
        with pytest.raises(ServiceError) as caught:
            await service.invoke(InvokeRequest(function, qualifier=qualifier))
        assert caught.value.code == code
        assert caught.value.message.startswith(message)

    serve(tmp_path, test)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"abc", "Unrecognized token 'abc': was expecting (JSON String"),
        (b"\x87", "Invalid UTF-8 start byte 0x87"),
        (b'{"a": NaN}', "Unrecognized token 'NaN'"),
        (b"{}}", "Unexpected character ('}' (code 125)): expected a valid value"),
        (b"{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
        (b'{"a":', "Unexpected end-of-input"),
        (b"\x01", "Unexpected character ((CTRL-CHAR, code 1)): expected a valid value"),
        (b"[" * 5000, "Document nesting depth"),
    ],
)
def test_events_that_are_no_json(tmp_path, payload, message):
    async def test(service):
        with pytest.raises(ServiceError) as caught:
            await service.invoke(InvokeRequest("engine-test", payload))
        assert (caught.value.status, caught.value.code) == (400, "InvalidRequestContentException")
        prefix = "Could not parse request body into json: Could not parse payload into json: "
        assert caught.value.message.startswith(prefix + message)
        assert caught.value.message.endswith("column: " + caught.value.message.rpartition("column: ")[2])

    serve(tmp_path, test)


def test_what_only_a_strict_parser_refuses_is_accepted(tmp_path):
    async def test(service):
        for payload in (b'"\\ud800"', b""):
            assert (await service.invoke(InvokeRequest("engine-test", payload))).function_error is None

    serve(tmp_path, test)


def test_an_event_over_the_limit_is_refused(tmp_path):
    async def test(service):
        with pytest.raises(ServiceError) as caught:
            await service.invoke(InvokeRequest("engine-test", b" " * 6_291_457))
        assert (caught.value.status, caught.value.code) == (413, "RequestEntityTooLargeException")
        assert "6291457 byte payload is too large" in caught.value.message

    serve(tmp_path, test)


def test_names_are_unique(tmp_path):
    async def test(service):
        with pytest.raises(UsageError, match="two functions called engine-test"):
            service.add(app_config(tmp_path, WHO))

    serve(tmp_path, test)


def test_a_replaced_function_runs_anew_while_the_old_one_ends_where_it_is(tmp_path):
    async def test(service):
        config = service.functions["engine-test"]
        await service.provision("engine-test", 1)
        held, open_gate = holding(tmp_path)
        running = service.dispatch(held)
        service.replace(replace(config, environment={"NEW": "1"}))
        (tmp_path / "app.py").write_text("import os\ndef handler(event, context):\n    return os.environ['NEW']\n")
        assert (await service.invoke(InvokeRequest("engine-test"))).payload == b'"1"'
        open_gate()
        assert who(await running.result())["count"] == 1
        await until(lambda: service.environments("engine-test") == 2)
        service.remove("engine-test")
        with pytest.raises(ServiceError, match="Function not found"):
            service.environments("engine-test")

    serve(tmp_path, test)


# the end, and who watches


def test_the_end_stops_everything_and_whoever_waits_is_told(tmp_path):
    async def test(service):
        held, _ = holding(tmp_path)
        running = service.dispatch(held)
        await until(lambda: service.ledger.running == 1)
        await service.stop()
        with pytest.raises(EnvironmentStoppedError):
            await running.result()
        assert service.ledger.running == 0
        with pytest.raises(EnvironmentStoppedError):
            await service.invoke(InvokeRequest("engine-test"))

    serve(tmp_path, test)


def test_a_stop_may_wait_for_what_is_running(tmp_path):
    async def test(service):
        await service.invoke(InvokeRequest("engine-test"))
        held, open_gate = holding(tmp_path)
        running = service.dispatch(held)
        stopping = asyncio.create_task(service.stop(drain_seconds=10))
        await asyncio.sleep(0)
        open_gate()
        assert who(await running.result())["count"] == 2
        await stopping

    serve(tmp_path, test)


def test_a_reset_keeps_the_functions(tmp_path):
    async def test(service):
        await service.provision("engine-test", 1)
        before = who(await service.invoke(InvokeRequest("engine-test")))
        await service.reset()
        await until(lambda: service.environments("engine-test") == 1)
        after = who(await service.invoke(InvokeRequest("engine-test")))
        assert after["pid"] != before["pid"]
        assert after["count"] == 1

    serve(tmp_path, test)


class Watcher:
    def __init__(self):
        self.seen = []

    def invoked(self, config, trip):
        self.seen.append((config.name, trip.result().status))

    def throttled(self, config, error):
        self.seen.append((config.name, error.reason))


def test_an_observer_learns_of_every_invocation_and_the_log_of_every_line(tmp_path):
    watcher, lines = Watcher(), []

    async def test(service):
        result = await service.invoke(InvokeRequest("engine-test"))
        await service.invoke(InvokeRequest("engine-test", b'"exit"'))
        service.reserve("engine-test", 0)
        await throttle_of(service)
        assert watcher.seen == [
            ("engine-test", "success"),
            ("engine-test", "failure"),
            ("engine-test", "ReservedFunctionConcurrentInvocationLimitExceeded"),
        ]
        streams = {origin.log_stream for origin, _ in lines}
        assert {(origin.function_name, origin.log_group) for origin, _ in lines} == {
            ("engine-test", "/aws/lambda/engine-test")
        }
        assert len(streams) == 1
        assert f"START RequestId: {result.request_id} Version: $LATEST" in [line.text for _, line in lines]

    serve(tmp_path, test, observer=watcher, log=lambda origin: lambda line: lines.append((origin, line)))


class Failing:
    def invoked(self, config, trip):
        raise RuntimeError("observer")

    throttled = invoked


def test_listeners_that_fail_break_nothing(tmp_path, caplog):
    def fail(line):
        raise OSError("disk full")

    async def test(service):
        for _ in range(3):
            await service.invoke(InvokeRequest("engine-test"))
        service.reserve("engine-test", 0)
        await throttle_of(service)
        assert service.environments("engine-test") == 1
        assert service.ledger.running == 0
        served = service.find(service.parse("engine-test", None, None))
        service.reserve("engine-test", None)
        trip = Trip(Invocation(), lambda trip: 1 / 0)
        service.launch(served, trip)
        await trip.wait_until_over()
        assert service.ledger.running == 0

    serve(tmp_path, test, observer=Failing(), log=lambda origin: fail)
    assert {record.exc_info[0] for record in caplog.records} == {RuntimeError, OSError, ZeroDivisionError}


def test_a_trip_tells_its_caller_once_without_a_task(tmp_path):
    async def test(service):
        told = []
        done = asyncio.Event()

        def tell(trip):
            told.append((trip.payload, trip.over))
            done.set()

        served = service.find(service.parse("engine-test", None, None))
        service.launch(served, Trip(Invocation(b"{}"), tell))
        await done.wait()
        await until(lambda: service.ledger.running == 0)
        assert len(told) == 1
        assert told[0][1] is False

    serve(tmp_path, test)


def test_many_callers_lose_nothing_and_never_share_a_serial_environment(tmp_path):
    source = """
        running = 0
        def handler(event, context):
            global running
            assert running == 0
            running += 1
            try:
                return event
            finally:
                running -= 1
    """

    async def go():
        async with LocalService() as service:
            service.add(app_config(tmp_path, source))
            service.reserve("engine-test", 4)
            answered, refused = [], 0

            async def caller(number):
                nonlocal refused
                for turn in range(40):
                    payload = json.dumps([number, turn]).encode()
                    try:
                        answered.append(
                            (payload, (await service.dispatch(InvokeRequest("engine-test", payload)).answer()).payload)
                        )
                    except ThrottledError:
                        refused += 1
                        await asyncio.sleep(0)

            await asyncio.gather(*(caller(number) for number in range(4)))
            assert refused == 0
            assert len(answered) == 160
            assert all(json.loads(event) == json.loads(result) for event, result in answered)
            assert service.environments("engine-test") <= 5

    run(go())
