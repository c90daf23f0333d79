"""The same metrics in Prometheus' text form, for `/metrics`.

Counted metrics are counters, durations are summaries with quantiles; a metric of the function's own (EMF) is a summary
too. Source: Prometheus documentation, "Exposition formats" (text format 0.0.4).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit.emulator.cloudwatch.metrics import Metric, MetricStore, Statistics

__all__ = ("CONTENT_TYPE", "exposition")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
QUANTILES = (50.0, 90.0, 99.0)


def exposition(store: MetricStore) -> str:
    """Every metric of the store."""
    families: dict[str, list[tuple[Metric, Statistics]]] = {}
    for metric in store.metrics():
        statistics = store.total(metric)
        families.setdefault(_family(metric, statistics), []).append((metric, statistics))
    return "".join(line + "\n" for name, members in sorted(families.items()) for line in _lines(name, members))


def _family(metric: Metric, statistics: Statistics) -> str:
    name = _identifier(f"{metric.namespace}_{metric.name}")
    return f"{name}_total" if statistics.unit == "Count" else name


def _lines(name: str, members: list[tuple[Metric, Statistics]]) -> Iterator[str]:
    is_counter = name.endswith("_total")
    yield f"# TYPE {name} {'counter' if is_counter else 'summary'}"
    for metric, statistics in members:
        labels = [f'{_identifier(key)}="{_escaped(value)}"' for key, value in metric.dimensions]
        if is_counter:
            yield f"{name}{_braced(labels)} {statistics.sum:g}"
            continue
        for share in QUANTILES:
            quantile = f'quantile="{share / 100:g}"'
            yield f"{name}{_braced([*labels, quantile])} {statistics.percentile(share):g}"
        yield f"{name}_sum{_braced(labels)} {statistics.sum:g}"
        yield f"{name}_count{_braced(labels)} {statistics.sample_count}"


def _braced(labels: list[str]) -> str:
    return f"{{{','.join(labels)}}}" if labels else ""


def _identifier(text: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^a-zA-Z0-9_]+", "_", snake).lower()


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
