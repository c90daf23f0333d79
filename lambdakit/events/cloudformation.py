"""AWS CloudFormation custom resources, and macros.

Source: AWS CloudFormation user guide, "Custom resource request and response objects" and "Macros". A stack waits for
the answer to a custom resource for an hour or more, so `custom_resource` always sends one: of what the function
returned, of the exception it raised, and shortly before the invocation times out. It goes by HTTP PUT to the
request's ResponseURL, over httpx. A failure that was answered is logged and not raised, as Lambda would otherwise run
the request again, twice.

Requests of the CDK's provider framework have no ResponseURL: there the answer is what the handler returns, and an
exception is raised for the framework to answer.

Not here: the sending itself, see `lambdakit.events.cloudformation_answer`.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator, unknown_options
from lambdakit.events.model import Model, field
from lambdakit.events.rules import known_keys, of_type, present
from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal, TypeVar, overload

    from lambdakit.context import LambdaContext
    from lambdakit.handlers import Handler, Middleware

    ResultT = TypeVar("ResultT")

__all__ = (
    "CustomResourceDecorator",
    "CustomResourceEvent",
    "MacroEvent",
    "cloudformation_macro",
    "custom_resource",
)

# The fields of an answer that the function decides; IsComplete is the provider framework's alone.
ANSWER_FIELDS = ("PhysicalResourceId", "Data", "NoEcho", "IsComplete")


class CustomResourceEvent(Model):
    """A request to create, update or delete a resource. Scalar properties arrive as text (`"true"`, `"1"`)."""

    shown = ("request_type", "resource_type", "logical_resource_id")

    request_type: Literal["Create", "Update", "Delete"] = field("RequestType")
    service_token: str | None = field("ServiceToken", default=None)
    response_url: str | None = field("ResponseURL", default=None, doc="None in the CDK's provider framework.")
    stack_id: str = field("StackId")
    request_id: str = field("RequestId")
    resource_type: str = field("ResourceType")
    logical_resource_id: str = field("LogicalResourceId")
    given_physical_resource_id: str | None = field("PhysicalResourceId", default=None, doc="None before it is created.")
    properties: dict[str, Any] | None = field("ResourceProperties", default=None)
    old_properties: dict[str, Any] | None = field("OldResourceProperties", default=None)
    service_timeout: str | int | None = field("ServiceTimeout", default=None, doc="Seconds.")

    @property
    def physical_resource_id(self) -> str:
        """The resource's id; before there is one, an id made of the request, equal whenever it is tried again."""
        return self.given_physical_resource_id or f"{self.logical_resource_id}-{self.request_id}"

    def answer(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        physical_resource_id: str | None = None,
        no_echo: bool | None = None,
        is_complete: bool | None = None,
    ) -> dict[str, Any]:
        """What a function returns: `data` for Fn::GetAtt, and the id if not the default one.

        Another id on an Update makes CloudFormation delete the old resource afterwards. `no_echo` masks the data;
        `is_complete` is for the provider framework.
        """
        given = {"Data": data, "PhysicalResourceId": physical_resource_id, "NoEcho": no_echo, "IsComplete": is_complete}
        return present(given)


def result_fields(event: CustomResourceEvent, result: Any) -> dict[str, Any]:
    """The answer's fields of what a function returned, the physical id among them. Raises ResponseError."""
    fields: dict[str, Any] = {} if result is None else result
    of_type("what a custom resource returns", fields, dict)
    known_keys("the answer of a custom resource (values go under Data)", fields, ANSWER_FIELDS)
    if fields.get("Data") is not None:
        of_type("Data", fields["Data"], dict)
    of_type("PhysicalResourceId", fields.get("PhysicalResourceId") or "", str)
    return {**fields, "PhysicalResourceId": fields.get("PhysicalResourceId") or event.physical_resource_id}


class CustomResourceDecorator(EventDecorator[CustomResourceEvent]):
    """`custom_resource`, bare or with options.

    `answer_before`: so many seconds before the invocation times out, FAILED is answered for a function still running.
    """

    if TYPE_CHECKING:

        @overload
        def __call__(
            self, function: Callable[[CustomResourceEvent, LambdaContext[Any]], ResultT], /
        ) -> Handler[CustomResourceEvent, ResultT]: ...

        @overload
        def __call__(
            self, *, middleware: Sequence[Middleware] = (), answer_before: float = 2.0
        ) -> Callable[
            [Callable[[CustomResourceEvent, LambdaContext[Any]], ResultT]], Handler[CustomResourceEvent, ResultT]
        ]: ...

        def __call__(self, *function: Any, **options: Any) -> Any: ...

    else:

        def __call__(self, function=None, /, *, middleware=(), answer_before=2.0, **unknown):
            if unknown:
                raise UsageError(unknown_options(self.__name__, unknown, ("middleware", "answer_before")))
            if function is None:
                return lambda decorated: self._answered(decorated, middleware, answer_before)
            return self._answered(function, middleware, answer_before)

    def _answered(self, function: Any, middleware: Sequence[Middleware], answer_before: float) -> Any:
        from lambdakit.events.cloudformation_answer import answering

        return self._decorate(function, (answering(function, answer_before), *middleware))


class MacroEvent(Model):
    """A template, or a part of one, to be transformed."""

    shown = ("transform_id", "request_id")

    region: str = field("region")
    account_id: str = field("accountId")
    fragment: dict[str, Any] = field("fragment")
    transform_id: str = field("transformId")
    params: dict[str, Any] | None = field("params", default=None)
    request_id: str = field("requestId")
    template_parameter_values: dict[str, Any] = field("templateParameterValues")

    def failed(self, message: str) -> dict[str, Any]:
        """The answer that stops the stack with this message."""
        return {"requestId": self.request_id, "status": "failure", "errorMessage": message}


def _macro_answer(event: MacroEvent, result: Any) -> dict[str, Any]:
    """The whole answer: of a whole one, or of the fragment alone."""
    of_type("what a macro returns (the fragment, or event.failed(...))", result, dict)
    answer: dict[str, Any] = result
    if "requestId" in answer and "status" in answer:
        return answer
    return {"requestId": event.request_id, "status": "success", "fragment": answer}


custom_resource = CustomResourceDecorator("custom_resource", CustomResourceEvent, "cloudformation")
cloudformation_macro: EventDecorator[MacroEvent] = EventDecorator(
    "cloudformation_macro", MacroEvent, "cloudformation-macro", answer=_macro_answer
)
