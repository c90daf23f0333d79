"""Function URLs that begin to be served when there is the first one: until then nothing listens for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from lambdakit.emulator.faces.server import FacesServer
    from lambdakit.emulator.project.spec import FunctionSpec

__all__ = ("LazyFaces",)


class LazyFaces:
    """A FacesServer that is started with the first URL or route; an async context manager that stops it."""

    def __init__(self, server: FacesServer) -> None:
        self.server = server
        self.listening = False

    async def __aenter__(self) -> LazyFaces:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.listening:
            await self.server.stop()

    async def serve(self, functions: Sequence[FunctionSpec], /) -> None:
        """Serve the URLs and routes of these functions, and no others. Raises AddressInUseError."""
        self.server.serve(functions)
        if not self.listening and any(function.url or function.routes for function in functions):
            await self.server.start()
            self.listening = True

    def url_of(self, function: str, /) -> str:
        """The URL of a function, or of an alias of it (`f:live`)."""
        return self.server.url_of(function)
