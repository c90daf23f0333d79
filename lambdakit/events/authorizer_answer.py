"""What a Lambda authorizer of API Gateway answers: policies and simple answers, and the rules they must keep.

Source: API Gateway developer guide, "Output from an API Gateway Lambda authorizer", "Amazon Resource Name (ARN) format
of permissions for executing API", and "Control access to HTTP APIs with Lambda authorizers". An answer that breaks a
rule is no refusal to the client but a 500; the checks here say what was wrong before it is sent.

Not here: what the policy's conditions mean, and which of the two forms an HTTP API was set up for.
"""

from __future__ import annotations

from lambdakit.events.rules import at_most, known_keys, needs, of_type, one_of, present
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from typing_extensions import Self

__all__ = ("AuthorizerPolicy", "MethodARN", "check_flat_context", "check_policy_answer", "check_simple_answer")

INVOKE = "execute-api:Invoke"
EFFECTS = ("Allow", "Deny")
POLICY_VERSIONS = ("2012-10-17", "2008-10-17")
POLICY_FIELDS = ("Version", "Id", "Statement")
POLICY_ANSWER_FIELDS = ("principalId", "policyDocument", "context", "usageIdentifierKey")
SIMPLE_ANSWER_FIELDS = ("isAuthorized", "context")
STATEMENT_FIELDS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
# Characters of a resource's ARN, of "Output from an API Gateway Lambda authorizer".
MAX_RESOURCE = 512
# One of each pair must be in a statement.
STATEMENT_PAIRS = (("Action", "NotAction"), ("Resource", "NotResource"))

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance


class MethodARN:
    """`arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}`, taken apart.

    A WebSocket route stands in `method` (`$connect`) and has no path. Raises ValueError for text of another form.
    """

    __slots__ = ("account_id", "api_id", "method", "partition", "path", "region", "stage")

    def __init__(self, arn: str) -> None:
        parts = arn.split(":", 5)
        places = parts[-1].split("/", 3)
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "execute-api" or len(places) < 2:
            raise ValueError(
                f"{arn!r} is not the ARN of a method; it must read "
                "arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}"
            )
        self.partition, self.region, self.account_id = parts[1], parts[3], parts[4]
        self.api_id, self.stage, self.method, self.path = (*places, "", "")[:4]

    def resource(self, method: str = "*", path: str = "*") -> str:
        """The ARN of methods of the same stage; `*` stands for any text, slashes too."""
        place = f"{method}/{path.removeprefix('/')}" if path else method
        return f"{self._stage}/{place}"

    @property
    def whole_stage(self) -> str:
        """The ARN of everything in the same stage: all methods and paths, or all routes."""
        return f"{self._stage}/*"

    @property
    def _stage(self) -> str:
        return f"arn:{self.partition}:execute-api:{self.region}:{self.account_id}:{self.api_id}/{self.stage}"

    def __repr__(self) -> str:
        return f"MethodARN({self._stage}/{self.method}/{self.path})"


class AuthorizerPolicy:
    """A policy made statement by statement; an explicit deny wins over any allow, whatever the order."""

    __slots__ = ("_arn", "_statements")

    def __init__(self, arn: MethodARN) -> None:
        self._arn = arn
        self._statements: list[dict[str, Any]] = []

    def allow(self, method: str = "*", path: str = "*", *, condition: Mapping[str, Any] | None = None) -> Self:
        """Allow this method and path (`*`: any text) of the request's stage, under an IAM condition if given."""
        return self._add("Allow", self._arn.resource(method, path), condition)

    def deny(self, method: str = "*", path: str = "*", *, condition: Mapping[str, Any] | None = None) -> Self:
        """Deny this method and path (`*`: any text) of the request's stage, under an IAM condition if given."""
        return self._add("Deny", self._arn.resource(method, path), condition)

    def document(self) -> dict[str, Any]:
        """The policy document. Raises ResponseError where nothing was allowed or denied."""
        if not self._statements:
            raise ResponseError("the policy has no statement: call allow() or deny() first")
        return {"Version": POLICY_VERSIONS[0], "Statement": list(self._statements)}

    def _add(self, effect: Literal["Allow", "Deny"], resource: str, condition: Mapping[str, Any] | None) -> Self:
        statement = {"Action": INVOKE, "Effect": effect, "Resource": resource, "Condition": condition}
        self._statements.append(present(statement))
        return self


def check_policy_answer(answer: Any) -> None:
    """Refuse an answer in the policy form that API Gateway would refuse. Raises ResponseError."""
    known_keys("the authorizer's answer", answer, POLICY_ANSWER_FIELDS)
    needs("the authorizer's answer", answer, ("principalId", "policyDocument"))
    of_type("principalId", answer["principalId"], str)
    of_type("usageIdentifierKey", answer.get("usageIdentifierKey") or "", str)
    _check_document(answer["policyDocument"])
    if answer.get("context") is not None:
        of_type("context", answer["context"], dict)


def check_flat_context(answer: Any) -> None:
    """Refuse context values that are not text, numbers or booleans. Raises ResponseError."""
    context: dict[str, Any] = answer.get("context") or {}
    for name, value in context.items():
        if not _is_a(value, (str, int, float)):
            raise ResponseError(
                f"context {name!r} must be text, a number or a boolean, not {type(value).__name__}; "
                "encode lists and objects as JSON text"
            )


def check_simple_answer(answer: Any) -> None:
    """Refuse a simple answer that API Gateway would refuse. Raises ResponseError."""
    known_keys("the authorizer's simple answer", answer, SIMPLE_ANSWER_FIELDS)
    needs("the authorizer's simple answer", answer, ("isAuthorized",))
    of_type("isAuthorized", answer["isAuthorized"], bool)
    if answer.get("context") is not None:
        of_type("context", answer["context"], dict)


def _check_document(document: Any) -> None:
    known_keys("policyDocument", document, POLICY_FIELDS)
    needs("policyDocument", document, ("Version", "Statement"))
    one_of("policyDocument.Version", document["Version"], POLICY_VERSIONS)
    statements: Any = document["Statement"]
    if _is_a(statements, dict):
        statements = [statements]
    of_type("policyDocument.Statement", statements, list)
    if not statements:
        raise ResponseError("policyDocument.Statement is empty: it needs at least one statement")
    for statement in statements:
        _check_statement(statement)


def _check_statement(statement: Any) -> None:
    known_keys("a statement", statement, STATEMENT_FIELDS)
    needs("a statement", statement, ("Effect",))
    one_of("Effect", statement["Effect"], EFFECTS)
    for name, opposite in STATEMENT_PAIRS:
        given = statement.get(name) or statement.get(opposite)
        if not given:
            raise ResponseError(f"a statement needs {name} (or {opposite}); it may not be empty")
        for item in given if _is_a(given, list) else [given]:
            of_type(name, item, str)
            if name == "Resource":
                at_most("the ARN of a Resource", len(item), MAX_RESOURCE, "characters")
