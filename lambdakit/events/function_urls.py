"""Function URL events: format 2.0 of the HTTP API, without routes, path parameters and stage variables.

Source: AWS Lambda developer guide, "Invoking Lambda function URLs". `request_context.iam` is there only where the URL
asks for IAM authorization.
"""

from __future__ import annotations

from lambdakit.events.apigateway import HTTPEventV2
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.payload import PayloadT

__all__ = ("FunctionURLEvent", "function_url")


class FunctionURLEvent(HTTPEventV2[PayloadT]):
    """A request to a function URL."""


function_url: EventDecorator[FunctionURLEvent] = EventDecorator("function_url", FunctionURLEvent, "function-url")
