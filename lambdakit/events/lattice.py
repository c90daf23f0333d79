"""VPC Lattice events, formats 1 and 2.

Source: VPC Lattice user guide, "Lambda functions as targets". `path` holds the query string. Headers and query values
of format 2 are lists; published samples also have plain text there, so both are read. Its time counts microseconds, and
comes as text.
"""

from __future__ import annotations

from lambdakit.events.convert import epoch_microseconds
from lambdakit.events.decorator import VariantDecorator
from lambdakit.events.http_message import EMPTY, HTTPEvent
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

__all__ = ("VPCLatticeEvent", "VPCLatticeEventV2", "VPCLatticeIdentity", "VPCLatticeRequestContext", "vpc_lattice")


class VPCLatticeEvent(HTTPEvent[PayloadT]):
    """A request in format 1."""

    shown = ("method", "path")

    path: str = field("raw_path", doc="With the query string.")
    method: str = field("method")
    query_string_parameters: Mapping[str, str] = field("query_string_parameters", default=EMPTY)
    is_base64_encoded: bool = field("is_base64_encoded", default=False)


class VPCLatticeIdentity(Model, at="$.requestContext.identity"):
    """Who sent a request: the network, and the principal under AWS_IAM."""

    shown = ("type", "principal")

    source_vpc_arn: str | None = field("sourceVpcArn", default=None)
    principal: str | None = field("principal", default=None)
    principal_org_id: str | None = field("principalOrgID", default=None)
    session_name: str | None = field("sessionName", default=None)
    x509_issuer_ou: str | None = field("x509IssuerOu", default=None)
    x509_san_dns: str | None = field("x509SanDns", default=None)
    x509_san_name_cn: str | None = field("x509SanNameCn", default=None)
    x509_san_uri: str | None = field("x509SanUri", default=None)
    x509_subject_cn: str | None = field("x509SubjectCn", default=None)

    type: str | None = field("type", default=None, doc="AWS_IAM or NONE.")


class VPCLatticeRequestContext(Model, at="$.requestContext"):
    """Through which network and service a request came."""

    shown = ("service_arn",)

    service_network_arn: str = field("serviceNetworkArn")
    service_arn: str = field("serviceArn")
    target_group_arn: str = field("targetGroupArn")
    region: str = field("region")
    time: datetime = field("timeEpoch", convert=epoch_microseconds)
    identity: VPCLatticeIdentity = field("identity", convert=VPCLatticeIdentity, default=VPCLatticeIdentity({}))


class VPCLatticeEventV2(HTTPEvent[PayloadT]):
    """A request in format 2."""

    shown = ("method", "path")

    version: str = field("version")
    path: str = field("path", doc="With the query string.")
    method: str = field("method")
    # Any: lists of text by the guide, plain text in published samples; `header` and `query` read both.
    headers: Mapping[str, Any] = field("headers", default=EMPTY)
    query_string_parameters: Mapping[str, Any] = field("queryStringParameters", default=EMPTY)
    query_string_parameters_v1: Mapping[str, str] = field(
        "query_string_parameters", default=EMPTY, doc="The query under format 1's name, as some senders write it."
    )
    request_context: VPCLatticeRequestContext = field("requestContext", convert=VPCLatticeRequestContext)


vpc_lattice: VariantDecorator[VPCLatticeEventV2, VPCLatticeEvent] = VariantDecorator(
    "vpc_lattice", {"vpc-lattice-v2": VPCLatticeEventV2, "vpc-lattice": VPCLatticeEvent}
)
