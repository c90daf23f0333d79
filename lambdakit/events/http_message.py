"""What the events of all HTTP sources share: headers whatever their case, query values, cookies, the body as bytes.

The services differ in which maps they send (one value a name, all values a name, values joined by commas), in whether
they decode query strings, and in whether the body is base64. The methods here give one answer for all of them; the
fields give what was sent. Absent and null maps read as empty ones.

Not here: routes, requests and responses; this is the message as the event has it.
"""

from __future__ import annotations

from types import MappingProxyType

from lambdakit.events.convert import base64_bytes, certificate_time, json_value
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadModel, PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = ("EMPTY", "CertificateValidity", "ClientCertificate", "HTTPEvent", "MultiValueHTTPEvent")

# The default of a map that may be absent: empty, and safe to share because nobody can write to it.
EMPTY: Mapping[str, Any] = MappingProxyType({})


class CertificateValidity(Model, at="$.requestContext.identity.clientCert.validity"):
    """From when until when a certificate is valid."""

    shown = ("not_before", "not_after")

    not_before: datetime = field("notBefore", convert=certificate_time)
    not_after: datetime = field("notAfter", convert=certificate_time)


class ClientCertificate(Model, at="$.requestContext.identity.clientCert"):
    """The certificate a client of a mutual TLS domain showed."""

    shown = ("subject_dn",)

    client_cert_pem: str = field("clientCertPem")
    subject_dn: str = field("subjectDN")
    issuer_dn: str = field("issuerDN")
    serial_number: str = field("serialNumber")
    validity: CertificateValidity = field("validity", convert=CertificateValidity)


class HTTPEvent(PayloadModel[PayloadT]):
    """A request with one value for each header and query parameter."""

    payload_at = ("body",)

    headers: Mapping[str, str] = field("headers", default=EMPTY, doc="As sent; see `header` for access in any case.")
    query_string_parameters: Mapping[str, str] = field("queryStringParameters", default=EMPTY)
    body: str | None = field("body", default=None, doc="As in the event, which may be base64; see `body_bytes`.")
    is_base64_encoded: bool = field("isBase64Encoded", default=False)

    def header(self, name: str, default: str | None = None) -> str | None:
        """The value of a header, its name in any case; the last value where it came repeatedly and unjoined."""
        values = self.header_values(name)
        return values[-1] if values else default

    def header_values(self, name: str) -> list[str]:
        """All values of a header, its name in any case. Where the service joins them by commas they stay joined."""
        return _values(self.headers, name)

    def query(self, name: str, default: str | None = None) -> str | None:
        """The decoded value of a query parameter; the last where it came repeatedly."""
        values = self.query_values(name)
        return values[-1] if values else default

    def query_values(self, name: str) -> list[str]:
        """All decoded values of a query parameter, as far as the event tells them apart."""
        return _listed(self.query_string_parameters.get(name))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies, not decoded; of a name that came repeatedly the first, which is the most specific."""
        cookies: dict[str, str] = {}
        for name, value in _cookie_pairs(self._cookie_texts()):
            cookies.setdefault(name, value)
        return cookies

    @property
    def body_bytes(self) -> bytes:
        """The body decoded from base64 where it is, else as UTF-8; empty where there is none.

        Test tools flag plain text as base64: what is flagged and is none is taken as text.
        """
        body = self.body or ""
        if not self.is_base64_encoded:
            return body.encode()
        try:
            return base64_bytes(body)
        except ValueError:
            return body.encode()

    def payload_bytes(self) -> bytes:
        """The inner payload: the body."""
        return self.body_bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is none."""
        return json_value(self.body_bytes.decode())

    def _cookie_texts(self) -> Sequence[str]:
        return self.header_values("cookie")


class MultiValueHTTPEvent(HTTPEvent[PayloadT]):
    """A request whose event (also) has maps with all values of each header and query parameter."""

    multi_value_headers: Mapping[str, list[str]] = field("multiValueHeaders", default=EMPTY)
    multi_value_query_string_parameters: Mapping[str, list[str]] = field(
        "multiValueQueryStringParameters", default=EMPTY
    )

    def header_values(self, name: str) -> list[str]:
        """All values of a header, its name in any case."""
        return _values(self.multi_value_headers, name) or _values(self.headers, name)

    def query_values(self, name: str) -> list[str]:
        """All decoded values of a query parameter."""
        several = _listed(self.multi_value_query_string_parameters.get(name))
        return several or _listed(self.query_string_parameters.get(name))


def _values(headers: Mapping[str, Any], name: str) -> list[str]:
    wanted = name.lower()
    return [value for key, item in headers.items() if key.lower() == wanted for value in _listed(item)]


def _listed(value: str | list[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _cookie_pairs(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        for part in text.split(";"):
            name, equals, value = part.strip().partition("=")
            if equals:
                yield name, value
