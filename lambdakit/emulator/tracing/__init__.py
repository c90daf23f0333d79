"""X-Ray as far as functions need it: a daemon that takes documents, the service's own segments, and traces to look at.

`tracer` makes the segments that Lambda makes, `daemon` receives what functions send, `store` keeps both, `api` gives
them to AWS clients. Nothing here runs unless a service is given a tracer.
"""
