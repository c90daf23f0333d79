"""Where the front listens, as the front and the health check both need to know."""

from __future__ import annotations

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("host_of", "port_of", "reached_at")

HOST_VARIABLE, EVERYWHERE = "LAMBDAKIT_FRONT_HOST", "0.0.0.0"
# The second is what Knative and other platforms set.
PORT_VARIABLES, PORT = ("LAMBDAKIT_FRONT_PORT", "PORT"), "8080"
_LOOPBACK = {EVERYWHERE: "127.0.0.1", "::": "::1"}
_HIGHEST = 65535


def host_of(variables: Mapping[str, str]) -> str:
    """The address listened on."""
    return variables.get(HOST_VARIABLE) or EVERYWHERE


def reached_at(variables: Mapping[str, str]) -> str:
    """The address at which programs in the container reach the front."""
    host = host_of(variables)
    return _LOOPBACK.get(host, host)


def port_of(variables: Mapping[str, str]) -> int:
    """The port listened on. Raises UsageError."""
    name = next((name for name in PORT_VARIABLES if variables.get(name)), PORT_VARIABLES[0])
    text = variables.get(name) or PORT
    if not text.isdecimal() or int(text) > _HIGHEST:
        raise UsageError(f"{name} is {text!r}: expected a port")
    return int(text)
