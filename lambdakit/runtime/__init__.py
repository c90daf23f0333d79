"""The runtime: what runs inside an execution environment, between the Lambda service and a handler.

`python -m lambdakit.runtime MODULE.FUNCTION` is a drop-in for AWS's own Python client. The rooms, in the order an
invocation passes through them:

    __main__   the command line               entry      start-up: streams, handler, hooks, then the loop
    resolve    handler name -> callable       loop       one invocation after another
    client     the Runtime API's calls        http1      HTTP/1.1 over one kept-alive socket
    call       one invocation, event to result            faults   failures as the service and the log show them
    streaming  responses sent while made      logs       log sinks, records and the root logger
    hooks      SnapStart and shutdown         workers    many invocations at once, in processes or on one event loop

It never imports `lambdakit.events`, `http`, `middleware` or `emulator`, and nothing on the way to the first event
imports more than a handful of built-in modules: `tests/runtime/test_module_set.py` pins the set.
"""
