"""AWS AppSync GraphQL: direct Lambda resolvers, one call or a batch of calls, and Amplify's resolvers.

Source: AWS AppSync developer guide, "Direct Lambda resolvers" and "Using AWS Lambda resolvers" (batching); AWS Amplify
documentation, "Lambda resolvers" (@function). What a resolver returns is the value of the field; an exception becomes
a GraphQL error with the exception's message, which the caller sees.

With batching (a maximum batch size above 0) the event is a list and the answer a list of the same length in the same
order; AppSync matches them by place alone, so another length is refused here. Not here: events that a request mapping
template or a JavaScript resolver makes up, which have any shape.
"""

from __future__ import annotations

from lambdakit.events.appsync_identity import identity_of
from lambdakit.events.decorator import EventDecorator, wrong_source
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.rules import of_type, present
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from lambdakit.events.appsync_identity import AppSyncIdentity

__all__ = (
    "AmplifyResolverEvent",
    "AppSyncBatchEvent",
    "AppSyncInfo",
    "AppSyncRequestEvent",
    "AppSyncResolverEvent",
    "amplify_resolver",
    "appsync_batch",
    "appsync_resolver",
)

# `type`, but Any to type checkers.
_type: Any = type


class AppSyncInfo(Model, at="$.info"):
    """The field that is resolved."""

    shown = ("parent_type_name", "field_name")

    field_name: str = field("fieldName")
    parent_type_name: str = field("parentTypeName")
    variables: Mapping[str, Any] = field("variables", default=EMPTY, doc="Of the whole GraphQL request.")
    selection_set_list: Sequence[str] = field(
        "selectionSetList", default=(), doc="The fields asked for, as paths: `author/name`."
    )
    selection_set_graphql: str = field("selectionSetGraphQL", default="", doc="The same as GraphQL text.")


class AppSyncRequestEvent(Model):
    """What the calls of AppSync's and Amplify's resolvers have in common."""

    shown = ("type_name", "field_name")

    arguments: Mapping[str, Any] = field("arguments", default=EMPTY, doc="Of the field, by name.")
    identity: AppSyncIdentity | None = field(
        "identity", convert=identity_of, default=None, doc="In the model of its kind; None with an API key."
    )
    source: Mapping[str, Any] | None = field("source", default=None, doc="The parent object the field belongs to.")
    headers: Mapping[str, str] = field("request", "headers", default=EMPTY, doc="Names in lower case.")
    domain_name: str | None = field("request", "domainName", default=None, doc="The API's custom domain.")
    prev: Any = field("prev", default=None, doc="In a pipeline: `{'result': ...}` of the function before.")


class AppSyncResolverEvent(AppSyncRequestEvent):
    """A call of a direct Lambda resolver."""

    info: AppSyncInfo = field("info", convert=AppSyncInfo)
    type_name: str = field("info", "parentTypeName", doc="The GraphQL type the field belongs to: Query, Mutation, ...")
    field_name: str = field("info", "fieldName", doc="The name of the field.")
    stash: Mapping[str, Any] = field("stash", default=EMPTY, doc="What the functions of a pipeline share.")


class AmplifyResolverEvent(AppSyncRequestEvent):
    """A call of a function that a schema names with Amplify's @function."""

    type_name: str = field("typeName", doc="The GraphQL type the field belongs to.")
    field_name: str = field("fieldName", doc="The name of the field.")


class AppSyncBatchEvent(Model):
    """The calls of a batch, to iterate over. Its JSON is a list: whatever its declared type, `raw` is that list."""

    each = AppSyncResolverEvent

    @property
    def events(self) -> list[AppSyncResolverEvent]:
        """The calls, in the order the answers must have."""
        return [AppSyncResolverEvent(item) for item in self._raw]

    def __iter__(self) -> Iterator[AppSyncResolverEvent]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self._raw)

    def __repr__(self) -> str:
        return f"AppSyncBatchEvent({self.events!r})"

    @staticmethod
    def error(message: str, *, type: str | None = None, data: Any = None, info: Any = None) -> dict[str, Any]:
        """The item that answers one call with an error, which fails none of the others."""
        of_type("errorMessage", message, str)
        return {"data": data, "errorMessage": message, **present({"errorType": type, "errorInfo": info})}


def _batch_answer(event: AppSyncBatchEvent, result: Any) -> list[Any]:
    """A list of as many items as the batch has. Raises ResponseError."""
    of_type("what a batch resolver returns", result, list, tuple)
    items = list(result)
    if len(items) != len(event):
        raise ResponseError(
            f"a batch resolver answers every call, in their order: the batch has {len(event)} calls, the answer "
            f"{len(items)} items; where there is nothing to answer put None"
        )
    for index, item in enumerate(items):
        if _type(item) is dict and "errorMessage" in item and "data" in item:
            _check_error(f"the error at [{index}] of a batch's answer", item)
    return items


def _check_error(what: str, item: dict[str, Any]) -> None:
    for name in ("errorMessage", "errorType"):
        if item.get(name) is not None:
            of_type(f"{name} of {what}", item[name], str)


class _BatchDecorator(EventDecorator[AppSyncBatchEvent]):
    """The one decorator of an event that is a list; an empty list tells nothing and is taken."""

    # What App looks at before it asks whether an event is accepted.
    form: Any = list

    def prepare(self, event: Any) -> AppSyncBatchEvent:
        """The typed event of a raw one. Raises WrongSourceError."""
        if isinstance(event, AppSyncBatchEvent):
            return event
        if _type(event) is not list or (event and not self.accepts(event)):
            raise wrong_source(self.__name__, "AppSyncBatchEvent", event)
        return AppSyncBatchEvent(event)


appsync_resolver: EventDecorator[AppSyncResolverEvent] = EventDecorator(
    "appsync_resolver", AppSyncResolverEvent, "appsync"
)
appsync_batch: EventDecorator[AppSyncBatchEvent] = _BatchDecorator(
    "appsync_batch", AppSyncBatchEvent, "appsync-batch", answer=_batch_answer
)
amplify_resolver: EventDecorator[AmplifyResolverEvent] = EventDecorator(
    "amplify_resolver", AmplifyResolverEvent, "amplify"
)
