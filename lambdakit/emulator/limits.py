"""The figures Lambda's quotas and Runtime API give, each named once.

Sizes are bytes, times are seconds. Source: AWS Lambda developer guide ("Lambda quotas", "Runtime environment
lifecycle") and the Runtime API's own replies, which carry the payload limit in their text.
"""

from __future__ import annotations

# Six MiB plus one hundred bytes: the constant both directions of a synchronous invocation are measured against.
PAYLOAD_BYTES = 6_291_556
# What the service's front takes of a caller: the round figure.
REQUEST_BYTES = 6_291_456
EVENT_BYTES = 1_048_576
CLIENT_CONTEXT_BYTES = 3583
STREAM_BYTES = 200 * 1024 * 1024
HEADER_BYTES = 1024 * 1024

# How much of a streamed response waits for its reader before the runtime is made to wait.
STREAM_WINDOW_BYTES = 256 * 1024

# One log event; a longer line is cut into several.
LOG_LINE_BYTES = 256 * 1024
LOG_TAIL_BYTES = 4096

XRAY_CAUSE_BYTES = 65_536
XRAY_CAUSE_ROOM_BYTES = 4096
XRAY_CAUSE_SHARES = (0.8, 0.6, 0.4, 0.2)

# Timed-out invocations whose late response is still answered 410 instead of 400 (multi-concurrency).
REMEMBERED_TIMEOUTS = 1000

EXTENSIONS = 10

ON_DEMAND_INIT_SECONDS = 10.0
LONG_INIT_SECONDS = 130.0
LONGEST_INIT_SECONDS = 900.0
RESTORE_SECONDS = 10.0

# Between SIGTERM and SIGKILL: none without an extension, 500 ms when only internal ones are registered, 300 ms beside
# external ones, whose own time to shut down ends two seconds after the beginning of it all.
INTERNAL_EXTENSION_GRACE_SECONDS = 0.5
EXTERNAL_EXTENSION_GRACE_SECONDS = 0.3
SHUTDOWN_SECONDS = 2.0
# Engine's own: what of that may go into sending telemetry before extensions are told.
TELEMETRY_FLUSH_SECONDS = 0.5

# Concurrency: of an account, and what of it no reservation may take.
ACCOUNT_CONCURRENCY = 1000
UNRESERVED_MINIMUM = 100

# Engine's own: how long an environment without work is kept, and how long a new invocation waits for an environment
# whose runtime has answered and is about to ask for its next event, before another environment is started.
IDLE_SECONDS = 600.0
FINISHING_SECONDS = 0.1

# Engine's own: how long the sockets of an ended process may take to report their end, and how long a process that
# has reported an init error may take to exit before it is killed.
SOCKET_SETTLE_SECONDS = 0.5
INIT_ERROR_EXIT_SECONDS = 0.5
