"""`lambdakit event check` from the outside: what it says of an event, as text and as JSON, and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

QUEUE = {
    "Records": [
        {
            "messageId": "m-1",
            "receiptHandle": "r",
            "body": "hello",
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1700000000000",
                "SenderId": "AIDA",
                "ApproximateFirstReceiveTimestamp": "1700000000001",
            },
            "messageAttributes": {},
            "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders",
            "awsRegion": "eu-west-1",
        }
    ]
}
NEW = {
    **QUEUE,
    "Records": [{**QUEUE["Records"][0], "a": "text", "b": 1, "c": 1.5, "d": True, "e": None, "f": [], "g-h": {}}],
    "i": [{"j": False}],
}
NEW_VALUES = [
    ("$.Records[0].a", "string"),
    ("$.Records[0].b", "number"),
    ("$.Records[0].c", "number"),
    ("$.Records[0].d", "boolean"),
    ("$.Records[0].e", "null"),
    ("$.Records[0].f", "array"),
    ('$.Records[0]["g-h"]', "object"),
    ("$.i[0].j", "boolean"),
]


def lambdakit(cwd, *arguments, stdin=""):
    return subprocess.run(
        [sys.executable, "-m", "lambdakit.cli", "event", "check", *arguments],
        check=False,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def files(tmp_path):
    for name, event in {"queue": QUEUE, "new": NEW, "mine": {"order": 1}, "list": [QUEUE]}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(event))
    return tmp_path


def test_a_covered_event_is_status_0(files):
    done = lambdakit(files, "queue.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "queue.json: sqs, SQSEvent; typed attributes cover every value\n"


def test_values_that_are_not_covered_are_listed_with_their_types(files):
    done = lambdakit(files, "queue.json", "new.json")
    assert done.returncode == 1
    first, second, *rest = done.stdout.splitlines()
    assert first.startswith("queue.json: sqs, SQSEvent; typed")
    assert second == "new.json: sqs, SQSEvent; no typed attribute covers:"
    assert rest == [f"    {path}  {type_}" for path, type_ in NEW_VALUES]


@pytest.mark.parametrize("name", ["mine.json", "list.json"])
def test_what_is_no_event_of_a_source_is_status_1(files, name):
    done = lambdakit(files, name)
    assert (done.returncode, done.stdout) == (1, f"{name}: not recognised as an event of any source\n")


def test_the_same_as_json(files):
    done = lambdakit(files, "--format", "json", "queue.json", "new.json", "mine.json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == [
        {"file": "queue.json", "source": "sqs", "model": "SQSEvent", "unmapped": []},
        {
            "file": "new.json",
            "source": "sqs",
            "model": "SQSEvent",
            "unmapped": [{"path": path, "type": type_} for path, type_ in NEW_VALUES],
        },
        {"file": "mine.json", "source": None, "model": None, "unmapped": []},
    ]
    assert lambdakit(files, "queue.json", "--format=json").returncode == 0


def test_standard_input(files):
    done = lambdakit(files, "-", stdin=json.dumps(QUEUE))
    assert (done.returncode, done.stdout) == (
        0,
        "standard input: sqs, SQSEvent; typed attributes cover every value\n",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("queue.json", "gone.json"), "lambdakit event check: Cannot read the event file gone.json: No such file"),
        (("queue.json", "-"), "lambdakit event check: standard input, line 1, column 2: not JSON"),
        (("queue.json", "--format", "xml"), "'xml' is not one of 'text', 'json'"),
        ((), "Missing argument 'FILE...'"),
    ],
)
def test_usage_errors_are_status_2_with_nothing_on_stdout(files, arguments, message):
    done = lambdakit(files, *arguments, stdin="{")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_verb_of_the_group_is_a_usage_error(files):
    done = subprocess.run(
        [sys.executable, "-m", "lambdakit.cli", "event", "chek"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "No such command 'chek'" in done.stderr
