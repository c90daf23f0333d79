"""Application Load Balancer events.

Source: Elastic Load Balancing user guide, "Using Lambda functions as targets". The target group's attribute decides
whether the event has the maps of single values or the maps of all values, never both; an answer must have its headers
in the same form. The path and the query values are not percent-decoded; `query` and `query_values` decode the latter.
"""

from __future__ import annotations

from lambdakit.events.convert import form_decoded
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import MultiValueHTTPEvent
from lambdakit.events.model import field
from lambdakit.events.payload import PayloadT

__all__ = ("ALBEvent", "alb_target")

# How a load balancer's health check names itself.
_HEALTH_CHECKER = "ELB-HealthChecker/"


class ALBEvent(MultiValueHTTPEvent[PayloadT]):
    """A request to a target group."""

    shown = ("http_method", "path")

    http_method: str = field("httpMethod")
    path: str = field("path")
    target_group_arn: str = field("requestContext", "elb", "targetGroupArn")

    @property
    def is_multi_value(self) -> bool:
        """Whether the target group sends, and expects, the maps of all values."""
        return "multiValueHeaders" in self

    @property
    def is_health_check(self) -> bool:
        """Whether the load balancer itself asks, to see that the target is well."""
        return (self.header("user-agent") or "").startswith(_HEALTH_CHECKER)

    def query_values(self, name: str) -> list[str]:
        """All decoded values of a query parameter."""
        sent = self.multi_value_query_string_parameters or self.query_string_parameters
        keys = [key for key in sent if form_decoded(key) == name]
        items = [sent[key] for key in keys]
        return [form_decoded(value) for item in items for value in ([item] if isinstance(item, str) else item)]


alb_target: EventDecorator[ALBEvent] = EventDecorator("alb_target", ALBEvent, "alb")
