"""Mistakes with logging and metrics; each line that both checkers must complain about says so."""

from __future__ import annotations

from lambdakit.middleware import json_logging, log_context, log_events, metrics

shop = metrics(namespace="Shop")

metrics()  # refused
metrics("Shop")  # refused
metrics(namespace="Shop", capture=["errors"])  # refused
metrics(namespace="Shop", dimension={})  # refused
shop.add("n", "1")  # refused
shop.add("n", 1, "count")  # refused
shop.add("n", 1, "Count", resolution=30)  # refused
shop.timestamp(5)  # refused
json_logging(levl="INFO")  # refused
json_logging(level="LOUD")  # refused
json_logging(buffer="ERROR")  # refused
json_logging(sample="0.1")  # refused
log_events(level=10)  # refused
log_events(event_paths=5)  # refused
log_context("a")  # refused
