from __future__ import annotations

import json
from typing import Any


def test_the_report_is_streamed_behind_its_http_head(invoke: Any, event: Any) -> None:
    result = invoke(event)
    assert result.response_mode == "streaming"
    head, _, body = result.payload.partition(bytes(8))
    assert json.loads(head) == {
        "statusCode": 200,
        "headers": {
            "content-type": "text/csv; charset=utf-8",
            "content-disposition": 'attachment; filename="report.csv"',
        },
        "cookies": ["seen=report; Path=/"],
    }
    lines = body.decode().splitlines()
    assert lines[0] == "number,square,cube"
    assert lines[-1] == "5,25,125"
    assert len(lines) == event["rows"] + 1
