"""Amazon Bedrock agents: the calls of an action group, by function or by API operation.

Source: Amazon Bedrock user guide, "Configure Lambda functions to send information that an Amazon Bedrock agent elicits
from the user". The values of all parameters are text that a language model wrote, whatever their declared type:
`BedrockParameter.typed` and `arguments` make values of it, and refuse text that is none.

An answer must name the action group and the function (or path and method) that were called. `answer` of the events does
so; a decorated function may return a plain value instead, which becomes the body.
"""

from __future__ import annotations

from lambdakit.events.convert import json_value
from lambdakit.events.decorator import EventDecorator, VariantDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.rules import at_most, json_size, known_keys, needs, of_type, one_of, present, within
from lambdakit.exceptions import PayloadError, ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal

__all__ = (
    "BedrockAPIEvent",
    "BedrockAgent",
    "BedrockContent",
    "BedrockEvent",
    "BedrockFunctionEvent",
    "BedrockParameter",
    "bedrock_agent",
    "bedrock_api",
    "bedrock_function",
)

# Bytes of JSON, of "Quotas for Amazon Bedrock": what an agent takes of a function.
LARGEST_ANSWER = 25 * 1024
RESPONSE_STATES = ("FAILURE", "REPROMPT")
ANSWER_FIELDS = (
    "messageVersion",
    "response",
    "sessionAttributes",
    "promptSessionAttributes",
    "knowledgeBasesConfiguration",
)
FUNCTION_FIELDS = ("actionGroup", "function", "functionResponse")
API_FIELDS = ("actionGroup", "apiPath", "httpMethod", "httpStatusCode", "responseBody")

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance

_BOOLEANS = {"true": True, "false": False}


class BedrockParameter(Model, at="$.parameters[*]"):
    """One parameter of a function or operation, or one property of a request body."""

    shown = ("name", "type", "value")

    name: str = field("name")
    type: str = field("type", doc="string, number, integer, boolean, array or object.")
    value: str = field("value", doc="Text, whatever the type.")

    @property
    def typed(self) -> Any:
        """The value as its type says; arrays and objects that are no JSON stay text. Raises PayloadError."""
        try:
            return _typed(self.type, self.value)
        except (KeyError, ValueError):
            raise PayloadError(((self.name, f"{self.value!r} is no {self.type}"),)) from None


def _typed(kind: str, value: str) -> Any:
    if kind == "integer":
        return int(value)
    if kind == "number":
        return float(value)
    if kind == "boolean":
        return _BOOLEANS[value.strip().lower()]
    return _json_or_text(value) if kind in ("array", "object") else value


def _json_or_text(value: str) -> Any:
    """Agents write arrays of text without quotes at times, which is no JSON."""
    try:
        return json_value(value)
    except ValueError:
        return value


class BedrockContent(Model, at="$.requestBody.content.*"):
    """The properties of a request body of one media type."""

    properties: Sequence[BedrockParameter] = field("properties", each=BedrockParameter, default=())


class BedrockAgent(Model, at="$.agent"):
    """The agent that calls."""

    shown = ("name", "id")

    name: str = field("name")
    id: str = field("id")
    alias: str = field("alias")
    version: str = field("version")


class BedrockEvent(Model):
    """What the calls of both kinds of action group have in common."""

    message_version: str = field("messageVersion")
    agent: BedrockAgent = field("agent", convert=BedrockAgent)
    input_text: str | None = field("inputText", default=None, doc="What the user wrote.")
    session_id: str = field("sessionId")
    action_group: str = field("actionGroup")
    parameters: Sequence[BedrockParameter] = field("parameters", each=BedrockParameter, default=())
    session_attributes: Mapping[str, str] = field("sessionAttributes", default=EMPTY)
    prompt_session_attributes: Mapping[str, str] = field("promptSessionAttributes", default=EMPTY)

    @property
    def arguments(self) -> dict[str, Any]:
        """The parameters by name, their values as their types say. Raises PayloadError."""
        return {parameter.name: parameter.typed for parameter in self.parameters}


class BedrockFunctionEvent(BedrockEvent):
    """A call of a function of an action group that is defined by function details."""

    shown = ("action_group", "function", "arguments")

    function: str = field("function")

    def answer(
        self,
        body: Any = "",
        *,
        state: Literal["FAILURE", "REPROMPT"] | None = None,
        session_attributes: Mapping[str, str] | None = None,
        prompt_session_attributes: Mapping[str, str] | None = None,
        knowledge_bases: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Answer with this body: text as it is, other values as JSON.

        `state` FAILURE ends the session's turn with an exception, REPROMPT gives the body to the model to ask again.
        The attributes replace those of the event where given.
        """
        if state is not None:
            one_of("responseState", state, RESPONSE_STATES)
        content = {"responseBody": {"TEXT": {"body": body if isinstance(body, str) else _json(body)}}}
        response = {
            "actionGroup": self.action_group,
            "function": self.function,
            "functionResponse": {**present({"responseState": state}), **content},
        }
        return _answered(response, session_attributes, prompt_session_attributes, knowledge_bases)


class BedrockAPIEvent(BedrockEvent):
    """A call of an operation of an action group that is defined by an OpenAPI schema."""

    shown = ("action_group", "http_method", "api_path")

    api_path: str = field("apiPath", doc="As in the schema: `/claims/{id}`, the values are among the parameters.")
    http_method: str = field("httpMethod")
    request_body: Mapping[str, BedrockContent] = field(
        "requestBody", "content", values=BedrockContent, default=EMPTY, doc="By media type."
    )

    @property
    def body(self) -> dict[str, Any]:
        """The properties of the request body by name, their values as their types say. Raises PayloadError."""
        return {item.name: item.typed for content in self.request_body.values() for item in content.properties}

    def answer(
        self,
        body: Any = "",
        *,
        status: int = 200,
        media_type: str = "application/json",
        session_attributes: Mapping[str, str] | None = None,
        prompt_session_attributes: Mapping[str, str] | None = None,
        knowledge_bases: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Answer with this status and body: text as it is, other values as JSON.

        The attributes replace those of the event where given.
        """
        of_type("httpStatusCode", status, int)
        within("httpStatusCode", status, 100, 599)
        response = {
            "actionGroup": self.action_group,
            "apiPath": self.api_path,
            "httpMethod": self.http_method,
            "httpStatusCode": status,
            "responseBody": {media_type: {"body": body if isinstance(body, str) else _json(body)}},
        }
        return _answered(response, session_attributes, prompt_session_attributes, knowledge_bases)


def _json(value: Any) -> str:
    from lambdakit.codec import encode

    return encode(value).decode()


def _answered(
    response: dict[str, Any],
    session: Mapping[str, str] | None,
    prompt: Mapping[str, str] | None,
    knowledge_bases: Sequence[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    for name, attributes in (("sessionAttributes", session), ("promptSessionAttributes", prompt)):
        for key, value in (attributes or {}).items():
            of_type(f"{name}[{key!r}]", value, str)
    extra = {
        "sessionAttributes": session,
        "promptSessionAttributes": prompt,
        "knowledgeBasesConfiguration": knowledge_bases,
    }
    return _within_size({"messageVersion": "1.0", "response": response, **present(extra)})


def _within_size(answer: dict[str, Any]) -> dict[str, Any]:
    at_most("an answer to Bedrock", json_size("an answer to Bedrock", answer), LARGEST_ANSWER, "bytes")
    return answer


def _answer(event: BedrockFunctionEvent | BedrockAPIEvent, result: Any) -> dict[str, Any]:
    """A whole answer checked, or the answer whose body is what the function returned."""
    if not _is_a(result, dict) or "messageVersion" not in result:
        return event.answer(result)
    whole: dict[str, Any] = result
    known_keys("the answer", whole, ANSWER_FIELDS)
    one_of("messageVersion", whole["messageVersion"], ("1.0",))
    needs("the answer", whole, ("response",))
    _check_response(event, whole["response"])
    return _within_size(whole)


def _check_response(event: BedrockFunctionEvent | BedrockAPIEvent, response: Any) -> None:
    fields = FUNCTION_FIELDS if isinstance(event, BedrockFunctionEvent) else API_FIELDS
    known_keys("response", response, fields)
    needs("response", response, fields)
    for name in ("actionGroup", "function", "apiPath", "httpMethod"):
        if name in fields and response[name] != event[name]:
            raise ResponseError(f"response.{name} must be that of the event, {event[name]!r}, not {response[name]!r}")
    if "httpStatusCode" in fields:
        of_type("response.httpStatusCode", response["httpStatusCode"], int)


bedrock_function: EventDecorator[BedrockFunctionEvent] = EventDecorator(
    "bedrock_function", BedrockFunctionEvent, "bedrock-function", answer=_answer
)
bedrock_api: EventDecorator[BedrockAPIEvent] = EventDecorator(
    "bedrock_api", BedrockAPIEvent, "bedrock-api", answer=_answer
)
bedrock_agent: VariantDecorator[BedrockFunctionEvent, BedrockAPIEvent] = VariantDecorator(
    "bedrock_agent", {"bedrock-function": BedrockFunctionEvent, "bedrock-api": BedrockAPIEvent}, answer=_answer
)
