"""The Telemetry API and its predecessor, the Logs API: what happens in a sandbox, sent to extensions that subscribe.

`subscription` reads what an extension asks for, `records` words what happened, `subscriber` gathers and sends it,
`destinations` are where to. `hub` holds them together for one sandbox.
"""

from __future__ import annotations
