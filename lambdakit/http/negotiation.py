"""What a client accepts, and the best of it that is offered (RFC 9110 section 12).

best_type(request, "application/json", "text/csv")     # "text/csv" for `Accept: text/*;q=0.9, application/json;q=0.1`
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdakit.http.request import Request

__all__ = ("best_coding", "best_type", "weighted")


def weighted(header: str) -> list[tuple[str, float]]:
    """The members of an Accept header in lower case, with their weights; parameters but `q` are left out.

    >>> weighted("gzip;q=0.5, br, *;q=0")
    [('gzip', 0.5), ('br', 1.0), ('*', 0.0)]
    """
    members: list[tuple[str, float]] = []
    for member in header.split(","):
        value, *parameters = member.split(";")
        if value.strip():
            members.append((value.strip().lower(), _weight(parameters)))
    return members


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, text = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                weight = float(text)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0


def best_type(request: Request, *offers: str) -> str | None:
    """The media type, of those offered best first, that the client likes best; None where it accepts none.

    A client that says nothing accepts all.
    """
    header = ",".join(request.headers.all("accept"))
    if not header.strip():
        return offers[0] if offers else None
    members = weighted(header)
    weight, offer = max(((_type_weight(offer, members), offer) for offer in offers), key=_first, default=(0.0, None))
    return offer if weight > 0 else None


def _first(pair: tuple[float, str | None]) -> float:
    return pair[0]


def _type_weight(offer: str, members: list[tuple[str, float]]) -> float:
    """The weight of the most specific member that the offer is of."""
    wanted = offer.partition(";")[0].strip().lower()
    for pattern in (wanted, f"{wanted.partition('/')[0]}/*", "*/*"):
        for value, weight in members:
            if value == pattern:
                return weight
    return 0.0


def best_coding(header: str, offers: Sequence[str]) -> str | None:
    """The content coding, of those offered best first, that the client likes best; None is the body as it is."""
    given = dict(weighted(header))
    others = given.get("*", 0.0)
    best, best_weight = None, given.get("identity", 0.0)  # as it is only where that is preferred by name
    for offer in offers:
        weight = given.get(offer, others)
        if weight > best_weight or (weight == best_weight > 0 and best is None):
            best, best_weight = offer, weight
    return best
