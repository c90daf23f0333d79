from __future__ import annotations

import json
from typing import Any


def entries(result: Any) -> list[dict[str, Any]]:
    """What the function has logged, but for the environment's own lines."""
    return [json.loads(line.text) for line in result.log_lines if line.text.startswith("{")]


def test_every_label_leaves_a_line_and_its_weight(invoke: Any, event: Any) -> None:
    result = invoke(event)
    assert json.loads(result.payload) == {"batchItemFailures": []}
    made = [entry for entry in entries(result) if entry.get("message") == "label made"]
    assert [(entry["parcel"], entry["carrier"], entry["requestId"], entry["service"]) for entry in made] == [
        ("P-1001", "post", result.request_id, "labels"),
        ("P-1002", "courier", result.request_id, "labels"),
    ]
    assert [(entry["Weight"], entry["carrier"]) for entry in entries(result) if "Weight" in entry] == [
        (1200, "post"),
        (42000, "courier"),
    ]
    assert not [entry for entry in entries(result) if entry.get("level") == "DEBUG"]


def test_addresses_do_not_show(invoke: Any, event: Any) -> None:
    log = json.dumps(entries(invoke(event)))
    assert "[redacted]" in log
    assert "Main Street" not in log


def test_a_parcel_too_heavy_goes_back_and_is_explained(invoke: Any, event: Any) -> None:
    event["Records"][0]["body"] = event["Records"][0]["body"].replace("1200", "99000")
    result = invoke(event)
    failed = event["Records"][0]["messageId"]
    assert json.loads(result.payload) == {"batchItemFailures": [{"itemIdentifier": failed}]}
    found = entries(result)
    assert "post takes 31500 g, the parcel has 99000 g" in [entry.get("message") for entry in found]
    (error,) = [entry for entry in found if entry.get("level") == "ERROR"]
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "post does not take 99000 g")
    assert [entry["BatchRecordsFailed"] for entry in found if "BatchRecordsFailed" in entry] == [1]
