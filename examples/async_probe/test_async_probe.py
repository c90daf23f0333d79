from __future__ import annotations

import json
import socket
from typing import Any


def test_what_listens_is_up_and_what_does_not_is_down(invoke: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as closed:
        up = f"127.0.0.1:{listener.getsockname()[1]}"
        down = f"127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        result = invoke({"endpoints": [up, down]})
    assert json.loads(result.payload) == {"up": {up: True, down: False}}


def test_the_example_event_runs(invoke: Any, event: Any) -> None:
    result = invoke(event)
    assert result.function_error is None
    assert set(json.loads(result.payload)["up"]) == set(event["endpoints"])
