"""The Lambda API over HTTP: what AWS clients pointed at `AWS_ENDPOINT_URL_LAMBDA` talk to.

async with LocalService() as service, ApiServer(service, port=0) as server:
    service.add(config)
    print(server.url)
"""

from __future__ import annotations

from lambdakit.emulator.api.exchange import Exchange
from lambdakit.emulator.api.invoke import TakeEvent
from lambdakit.emulator.api.server import ApiServer

__all__ = ("ApiServer", "Exchange", "TakeEvent")
