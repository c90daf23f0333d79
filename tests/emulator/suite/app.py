"""The suite's function in Python; its twins are app.mjs and bootstrap.c. What it does is said by the event."""

import json
import os
import signal
import sys
import time

AT_START = os.environ.get("AT_START")
if AT_START == "raise":
    raise ValueError("not today")
if AT_START == "exit":
    os._exit(4)

count = 0


class AsAskedError(Exception):
    pass


def handler(event, context):
    global count
    count += 1
    do = event["do"]
    if do == "raise":
        raise AsAskedError("as asked")
    if do == "exit":
        print("last words")
        os._exit(7)
    if do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "wait":
        time.sleep(60)
    if do == "log":
        print("to stdout", flush=True)
        print("to stderr", file=sys.stderr, flush=True)
    if do == "take":
        return len(event["text"])
    if do == "give":
        return "x" * event["size"]
    client = context.client_context
    return {
        "count": count,
        "pid": os.getpid(),
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "left": context.get_remaining_time_in_millis(),
        "client": {"custom": client.custom} if client else None,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        "event": event,
    }


def stream(event, context):
    yield "piece 0;"
    while not os.path.exists("gate"):
        time.sleep(0.005)
    if event["do"] == "raise":
        raise AsAskedError("as asked")
    yield "piece 1;"
    yield json.dumps(event)
