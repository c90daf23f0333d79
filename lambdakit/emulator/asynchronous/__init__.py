"""Asynchronous invocation: a durable queue, its retries, and what becomes of an event in the end."""
