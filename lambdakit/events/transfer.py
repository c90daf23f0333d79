"""AWS Transfer Family: the function as a server's identity provider.

Source: AWS Transfer Family user guide, "Using AWS Lambda to integrate your identity provider". The answer `{}`
refuses the user; so does None.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import at_most, known_keys, needs, of_type, one_of
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = ("TransferEvent", "transfer_answer", "transfer_identity")

ANSWER_FIELDS = (
    "Role",
    "HomeDirectory",
    "HomeDirectoryType",
    "HomeDirectoryDetails",
    "Policy",
    "PublicKeys",
    "PosixProfile",
)
# Characters, of the same fields of a user in the Transfer Family API reference.
LONGEST = {"Role": 2048, "HomeDirectory": 1024, "Policy": 2048}


class TransferEvent(Model):
    """A user who wants in. With no password, the server holds the user's key against the answer's PublicKeys."""

    shown = ("server_id", "protocol", "username")

    username: str = field("username")
    password: str | None = field("password", default=None)
    protocol: str = field("protocol", doc="SFTP, FTPS, FTP or AS2.")
    server_id: str = field("serverId")
    source_ip: str | None = field("sourceIp", default=None)


def transfer_answer(
    role: str,
    *,
    home_directory: str | None = None,
    logical_directories: Mapping[str, str] | None = None,
    policy: Mapping[str, Any] | None = None,
    public_keys: Sequence[str] | None = None,
    posix_profile: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Let the user in under this role, with a home directory or logical ones (as seen -> as stored)."""
    if home_directory is not None and logical_directories is not None:
        raise ResponseError("give home_directory or logical_directories: a user has one kind of home")
    answer: dict[str, Any] = {"Role": role}
    if home_directory is not None:
        answer["HomeDirectory"] = home_directory
    if logical_directories is not None:
        entries = [{"Entry": entry, "Target": target} for entry, target in logical_directories.items()]
        answer.update(HomeDirectoryType="LOGICAL", HomeDirectoryDetails=_text(entries))
    if policy is not None:
        answer["Policy"] = _text(policy)
    if public_keys is not None:
        answer["PublicKeys"] = list(public_keys)
    if posix_profile is not None:
        answer["PosixProfile"] = dict(posix_profile)
    return _checked(answer)


def _text(value: Any) -> str:
    from json import dumps

    return dumps(value)


def _checked(result: Any) -> dict[str, Any]:
    if result is None:
        return {}
    known_keys("the answer of a Transfer identity provider", result, ANSWER_FIELDS)
    answer: dict[str, Any] = result
    if not answer:
        return answer
    needs("the answer of a Transfer identity provider", answer, ("Role",))
    one_of("HomeDirectoryType", answer.get("HomeDirectoryType", "PATH"), ("PATH", "LOGICAL"))
    if answer.get("HomeDirectoryType") == "LOGICAL":
        needs("a LOGICAL home directory", answer, ("HomeDirectoryDetails",))
    for name in ("HomeDirectoryDetails", "Policy"):
        of_type(f"{name} (JSON as text)", answer.get(name, ""), str)
    for name, limit in LONGEST.items():
        at_most(name, len(answer.get(name) or ""), limit, "characters")
    if "PosixProfile" in answer:
        needs("PosixProfile", answer["PosixProfile"], ("Uid", "Gid"))
    return answer


transfer_identity: EventDecorator[TransferEvent] = EventDecorator(
    "transfer_identity", TransferEvent, "transfer", finish=_checked
)
