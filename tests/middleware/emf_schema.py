"""The schema of the embedded metric format, from Amazon CloudWatch user guide, "Specification: Embedded metric format".

Section "The embedded metric format schema". `assert_valid` checks it, and beside it what the guide says in words: the
limits of metrics and values of a document, and that what is referred to is there.
"""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft7Validator

UNITS = (
    "Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|"
    "Terabits|Percent|Count|Bytes\\/Second|Kilobytes\\/Second|Megabytes\\/Second|Gigabytes\\/Second|Terabytes\\/Second|"
    "Bits\\/Second|Kilobits\\/Second|Megabits\\/Second|Gigabits\\/Second|Terabits\\/Second|Count\\/Second|None"
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Root Node",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "title": "Metadata",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer", "title": "The Timestamp Schema"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "title": "MetricDirectives",
                    "items": {
                        "type": "object",
                        "title": "MetricDirective",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {
                                "type": "string",
                                "title": "CloudWatch Metrics Namespace",
                                "pattern": "^(.*)$",
                                "minLength": 1,
                                "maxLength": 1024,
                            },
                            "Dimensions": {
                                "type": "array",
                                "title": "The Dimensions Schema",
                                "minItems": 1,
                                "items": {
                                    "type": "array",
                                    "title": "DimensionSet",
                                    "minItems": 0,
                                    "maxItems": 30,
                                    "items": {
                                        "type": "string",
                                        "title": "DimensionReference",
                                        "pattern": "^(.*)$",
                                        "minLength": 1,
                                        "maxLength": 250,
                                    },
                                },
                            },
                            "Metrics": {
                                "type": "array",
                                "title": "MetricDefinitions",
                                "items": {
                                    "type": "object",
                                    "title": "MetricDefinition",
                                    "required": ["Name"],
                                    "properties": {
                                        "Name": {
                                            "type": "string",
                                            "title": "MetricName",
                                            "pattern": "^(.*)$",
                                            "minLength": 1,
                                            "maxLength": 1024,
                                        },
                                        "Unit": {
                                            "type": "string",
                                            "title": "MetricUnit",
                                            "pattern": f"^({UNITS})$",
                                        },
                                        "StorageResolution": {"type": "integer", "title": "StorageResolution"},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}

_VALIDATOR = Draft7Validator(SCHEMA)


def assert_valid(line: str) -> dict[str, Any]:
    """The document on a line, which keeps to the format."""
    assert "\n" not in line
    assert len(line.encode()) <= 256 * 1024 - 26
    document: dict[str, Any] = json.loads(line)
    _VALIDATOR.validate(document)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    names = [metric["Name"] for metric in directive["Metrics"]]
    assert 0 < len(names) <= 100
    assert len(set(names)) == len(names)
    for metric in directive["Metrics"]:
        values = document[metric["Name"]]
        values = values if isinstance(values, list) else [values]
        assert 0 < len(values) <= 100
        assert all(type(value) in (int, float) for value in values)
        assert metric.get("StorageResolution", 60) in (1, 60)
    for one in directive["Dimensions"]:
        assert all(isinstance(document[name], str) and 0 < len(document[name]) <= 1024 for name in one)
    return document


def metrics_of(line: str) -> dict[str, Any]:
    """Metric -> its values, of a valid document."""
    document = assert_valid(line)
    return {metric["Name"]: document[metric["Name"]] for metric in document["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
