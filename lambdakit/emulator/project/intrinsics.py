"""CloudFormation's intrinsic functions, as far as they can be resolved on this machine.

Parameters have their defaults (or what the caller gives), pseudo parameters are the local account's, a resource's Ref
and attributes are the names and ARNs its type would have. What only the cloud knows is Unresolved: it says why, and
ends up as a note where it would have become a value.

Source: AWS CloudFormation user guide, "Intrinsic function reference".
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.project.template_file import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("Resolver", "Unresolved")

# A resource's type -> what its Ref is and its attributes are; N is its physical name, R the region, A the account.
_REFS: dict[str, str] = {
    "AWS::SQS::Queue": "https://sqs.{R}.amazonaws.com/{A}/{N}",
    "AWS::SNS::Topic": "arn:aws:sns:{R}:{A}:{N}",
    "AWS::Serverless::LayerVersion": "arn:aws:lambda:{R}:{A}:layer:{N}:1",
    "AWS::Lambda::LayerVersion": "arn:aws:lambda:{R}:{A}:layer:{N}:1",
}
_ARNS: dict[str, str] = {
    "AWS::Serverless::Function": "arn:aws:lambda:{R}:{A}:function:{N}",
    "AWS::Lambda::Function": "arn:aws:lambda:{R}:{A}:function:{N}",
    "AWS::SQS::Queue": "arn:aws:sqs:{R}:{A}:{N}",
    "AWS::SNS::Topic": "arn:aws:sns:{R}:{A}:{N}",
    "AWS::S3::Bucket": "arn:aws:s3:::{N}",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{R}:{A}:table/{N}",
    "AWS::Serverless::SimpleTable": "arn:aws:dynamodb:{R}:{A}:table/{N}",
    "AWS::Kinesis::Stream": "arn:aws:kinesis:{R}:{A}:stream/{N}",
    "AWS::Events::EventBus": "arn:aws:events:{R}:{A}:event-bus/{N}",
    "AWS::IAM::Role": "arn:aws:iam::{A}:role/{N}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{R}:{A}:log-group:{N}:*",
}
_ATTRIBUTES: dict[tuple[str, str], str] = {
    ("AWS::SQS::Queue", "QueueName"): "{N}",
    ("AWS::SQS::Queue", "QueueUrl"): _REFS["AWS::SQS::Queue"],
    ("AWS::SNS::Topic", "TopicName"): "{N}",
    ("AWS::SNS::Topic", "TopicArn"): "arn:aws:sns:{R}:{A}:{N}",
    ("AWS::DynamoDB::Table", "StreamArn"): "arn:aws:dynamodb:{R}:{A}:table/{N}/stream/2024-01-01T00:00:00.000",
    ("AWS::S3::Bucket", "DomainName"): "{N}.s3.amazonaws.com",
    ("AWS::S3::Bucket", "RegionalDomainName"): "{N}.s3.{R}.amazonaws.com",
}
# The properties that give a resource its physical name; without one it is its logical id.
_NAMES = ("FunctionName", "QueueName", "TopicName", "BucketName", "TableName", "Name", "LayerName", "LogGroupName")


class Unresolved:
    """A value that only the cloud knows; `why` says so."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __repr__(self) -> str:
        return f"<unresolved: {self.why}>"


class Resolver:
    """Resolves the values of one template."""

    def __init__(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], *, region: str, account_id: str
    ) -> None:
        self._template = template
        self._resources: Mapping[str, Any] = table(template.get("Resources"))
        self._region = region
        self._account = account_id
        declared: Mapping[str, Any] = table(template.get("Parameters"))
        self._parameters: dict[str, Any] = {
            name: parameters[name] if name in parameters else table(rule).get("Default")
            for name, rule in declared.items()
        }
        self._pseudo = {
            "AWS::Region": region,
            "AWS::AccountId": account_id,
            "AWS::Partition": "aws",
            "AWS::StackName": "local",
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{account_id}:stack/local/0",
            "AWS::URLSuffix": "amazonaws.com",
        }

    def value(self, raw: Any) -> Any:
        """The value with every function in it resolved; a part that cannot be is Unresolved, `AWS::NoValue` is None."""
        if isinstance(raw, dict):
            found: dict[str, Any] = raw  # pyright: ignore[reportUnknownVariableType]
            if len(found) == 1:
                name, argument = next(iter(found.items()))
                function = _FUNCTIONS.get(name)
                if function is not None:
                    return function(self, argument)
            values = {key: self.value(item) for key, item in found.items()}
            return {key: item for key, item in values.items() if item is not None}
        if isinstance(raw, list):
            items: list[Any] = raw  # pyright: ignore[reportUnknownVariableType]
            return [item for item in map(self.value, items) if item is not None]
        return raw

    def physical_name(self, logical_id: str) -> str:
        """The name of a resource: what its properties say, else its logical id."""
        properties: Mapping[str, Any] = table(table(self._resources[logical_id]).get("Properties"))
        for key in _NAMES:
            name = self.value(properties.get(key))
            if isinstance(name, str):
                return name
        return logical_id

    def ref(self, name: Any) -> Any:
        """`Ref`: a parameter's value, a pseudo parameter's, or a resource's name."""
        if name == "AWS::NoValue":
            return None
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            value = self._parameters[name]
            return Unresolved(f"the parameter {name} has no default") if value is None else value
        if name in self._resources:
            return self._filled(_REFS.get(self._kind(name), "{N}"), name)
        return Unresolved(f"the template has no {name}")

    def attribute(self, argument: Any) -> Any:
        """`Fn::GetAtt`, of the resources whose ARNs and names follow from their type."""
        parts: list[Any] = argument.split(".", 1) if isinstance(argument, str) else [*argument]
        name, attribute = str(parts[0]), ".".join(map(str, parts[1:]))
        if name not in self._resources:
            return Unresolved(f"the template has no {name}")
        kind = self._kind(name)
        form = _ARNS.get(kind) if attribute == "Arn" else _ATTRIBUTES.get((kind, attribute))
        return self._filled(form, name) if form else Unresolved(f"{name}.{attribute} is known in the cloud only")

    def substitute(self, argument: Any) -> Any:
        """`Fn::Sub`: text with `${Name}`, `${Name.Attribute}` and variables of its own; `${!x}` is `${x}` itself."""
        text: str = argument if isinstance(argument, str) else argument[0]
        own: dict[str, Any] = {} if isinstance(argument, str) else argument[1]
        variables = {name: self.value(value) for name, value in own.items()}
        missing: list[Unresolved] = []

        def replaced(match: re.Match[str]) -> str:
            name = match.group(1)
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            known = name in variables
            value = variables[name] if known else self.attribute(name) if "." in name else self.ref(name)
            if isinstance(value, Unresolved):
                missing.append(value)
            return str(value)

        result = re.sub(r"\$\{([^}]+)\}", replaced, text)
        return missing[0] if missing else result

    def condition(self, argument: Any) -> bool | Unresolved:
        """Whether a condition holds: its name, or one of the condition functions."""
        if isinstance(argument, str):
            conditions: Mapping[str, Any] = table(self._template.get("Conditions"))
            if argument not in conditions:
                return Unresolved(f"the template has no condition {argument}")
            return self.condition(conditions[argument])
        value = self.value(argument)
        return value if isinstance(value, Unresolved) else bool(value)

    def find_in_map(self, argument: Any) -> Any:
        """`Fn::FindInMap`."""
        keys = [self.value(key) for key in argument]
        found: Any = table(self._template.get("Mappings"))
        for key in keys:
            try:
                found = found[key]
            except (KeyError, TypeError):
                return Unresolved(f"the mappings have no {'.'.join(map(str, keys))}")
        return self.value(found)

    def _kind(self, name: str) -> str:
        kind: str = table(self._resources[name]).get("Type", "")
        return kind

    def _filled(self, form: str, name: str) -> str:
        return form.format(N=self.physical_name(name), R=self._region, A=self._account)


def _join(resolver: Resolver, argument: Any) -> Any:
    separator, items = argument[0], resolver.value(argument[1])
    return _first_unresolved(items) or separator.join(map(str, items))


def _select(resolver: Resolver, argument: Any) -> Any:
    index, items = resolver.value(argument[0]), resolver.value(argument[1])
    return _first_unresolved([index, items]) or items[int(index)]


def _split(resolver: Resolver, argument: Any) -> Any:
    text = resolver.value(argument[1])
    return text if isinstance(text, Unresolved) else str(text).split(argument[0])


def _if(resolver: Resolver, argument: Any) -> Any:
    holds = resolver.condition(argument[0])
    return holds if isinstance(holds, Unresolved) else resolver.value(argument[1 if holds else 2])


def _equals(resolver: Resolver, argument: Any) -> Any:
    items = resolver.value(argument)
    return _first_unresolved(items) or str(items[0]) == str(items[1])


def _all(resolver: Resolver, argument: Any) -> Any:
    items = [resolver.condition(item) for item in argument]
    return _first_unresolved(items) or all(items)


def _any(resolver: Resolver, argument: Any) -> Any:
    items = [resolver.condition(item) for item in argument]
    return _first_unresolved(items) or any(items)


def _not(resolver: Resolver, argument: Any) -> Any:
    holds = resolver.condition(argument[0])
    return holds if isinstance(holds, Unresolved) else not holds


def _base64(resolver: Resolver, argument: Any) -> Any:
    text = resolver.value(argument)
    return text if isinstance(text, Unresolved) else base64.b64encode(str(text).encode()).decode()


def _zones(resolver: Resolver, argument: Any) -> Any:
    region = resolver.value(argument) or resolver.ref("AWS::Region")
    return region if isinstance(region, Unresolved) else [f"{region}{letter}" for letter in "abc"]


def _import(resolver: Resolver, argument: Any) -> Any:
    return Unresolved(f"Fn::ImportValue {resolver.value(argument)!r} is another stack's")


def _first_unresolved(items: Any) -> Unresolved | None:
    if isinstance(items, Unresolved):
        return items
    return next((item for item in items if isinstance(item, Unresolved)), None)


_FUNCTIONS: dict[str, Callable[[Resolver, Any], Any]] = {
    "Ref": Resolver.ref,
    "Condition": Resolver.condition,
    "Fn::GetAtt": Resolver.attribute,
    "Fn::Sub": Resolver.substitute,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::And": _all,
    "Fn::Or": _any,
    "Fn::Not": _not,
    "Fn::FindInMap": Resolver.find_in_map,
    "Fn::Base64": _base64,
    "Fn::GetAZs": _zones,
    "Fn::ImportValue": _import,
}
