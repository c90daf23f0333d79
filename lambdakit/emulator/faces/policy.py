"""Whether the policy that an authorizer answers lets a request in.

An explicit deny wins over any allow; what no statement speaks of is denied. `*` and `?` in actions and resources are
wildcards, and nothing else is. Conditions are not evaluated: a statement with one holds as if it had none. Source: API
Gateway developer guide, "Output from an API Gateway Lambda authorizer".
"""

from __future__ import annotations

import re
from typing import Any, Literal, cast

__all__ = ("Decision", "decide")

Decision = Literal["allow", "deny", "unmentioned"]
ACTION = "execute-api:Invoke"

# `type`, but Any to type checkers.
_type: Any = type


def decide(document: Any, arn: str) -> Decision | None:
    """What a policy says of the method with this ARN; None for what is no policy."""
    statements = _listed(document.get("Statement")) if _type(document) is dict else []
    if not statements or any(_type(statement) is not dict for statement in statements):
        return None
    effects = {statement.get("Effect") for statement in statements if _speaks_of(statement, arn)}
    if "Deny" in effects:
        return "deny"
    return "allow" if "Allow" in effects else "unmentioned"


def _speaks_of(statement: dict[str, Any], arn: str) -> bool:
    actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
    return any(_matches(action, ACTION, re.IGNORECASE) for action in actions) and any(
        _matches(resource, arn) for resource in resources
    )


def _matches(pattern: Any, text: str, flags: int = 0) -> bool:
    expression = re.escape(str(pattern)).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, flags | re.DOTALL) is not None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    items: Any = value if _type(value) is list else [value]
    return cast("list[Any]", items)
