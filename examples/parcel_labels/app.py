"""Makes the labels of the parcels in a queue, and leaves behind what operations needs: searchable lines and metrics.

Every line of log is JSON with the parcel it is about; DEBUG lines are written only when an invocation has a failure;
addresses and passwords do not show. Metrics are lines of log too (CloudWatch makes metrics of them), by carrier:

    lambdakit invoke examples/parcel_labels/app.py:handler --event examples/parcel_labels/event.json
"""

import logging
from dataclasses import dataclass

from lambdakit import Context
from lambdakit.events import SQSMessage, sqs_batch
from lambdakit.middleware import json_logging, log_context, log_events, metrics

LOG = logging.getLogger("labels")
CARRIERS = {"post": 31_500, "courier": 70_000}  # the heaviest parcel each takes, in grams

parcels = metrics(namespace="Parcels", dimensions={"service": "labels"}, capture=["cold_start", "batch"])


@dataclass
class Parcel:
    """What is to be sent."""

    number: str
    carrier: str
    grams: int
    address: str


@sqs_batch(
    middleware=[
        json_logging(keys={"service": "labels"}, buffer="DEBUG"),
        log_events(event_paths=["$.Records[*].body.address"]),
        parcels,
    ]
)
def handler(message: SQSMessage[Parcel], context: Context) -> None:
    """Make one label. Raises ValueError for a parcel that no label can be made for."""
    parcel = message.payload
    with log_context(parcel=parcel.number, carrier=parcel.carrier):
        label = label_of(parcel)
        parcels.write("Weight", parcel.grams, dimensions={"carrier": parcel.carrier})
        LOG.info("label made", extra={"lines": label.count("\n") + 1})


def label_of(parcel: Parcel) -> str:
    """The text on the label."""
    heaviest = CARRIERS.get(parcel.carrier, 0)
    LOG.debug("%s takes %d g, the parcel has %d g", parcel.carrier, heaviest, parcel.grams)
    if parcel.grams > heaviest:
        raise ValueError(f"{parcel.carrier} does not take {parcel.grams} g")
    return f"{parcel.carrier.upper()} {parcel.number}\n{parcel.address}"
