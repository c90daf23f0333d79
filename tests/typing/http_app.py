"""An HTTP API as users write it: routes stay the functions they are."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import APIGatewayProxyEventV2
from lambdakit.exceptions import HTTPError, NotFoundError
from lambdakit.http import (
    Body,
    Converter,
    Cookie,
    FileResponse,
    Form,
    FormData,
    Header,
    HttpApp,
    JSONResponse,
    ProblemResponse,
    Query,
    RedirectResponse,
    Request,
    Response,
    Router,
    SetCookie,
    UploadedFile,
)


@dataclass
class User:
    id: int
    name: str


def timed(request: Request, context: Any, call_next: Any) -> Response:
    response: Response = call_next(request, context)
    response.headers["x-id"] = request.request_id or ""
    return response


app = HttpApp(middleware=[timed], trailing_slash="redirect", base_path="/v1")
users = Router(middleware=[timed], converters={"slug": Converter("[a-z]+", str)})


@users.get("/{id:int}")
def show(id: int, page: int = 1, tags: Annotated[list[str], Query("tag")] = []) -> User:  # noqa: B006
    if id == 0:
        raise NotFoundError("no such user", id=id)
    return User(id, f"{page}{tags}")


@users.post("/", middleware=[timed])
async def add(user: User, request: Request, context: Context) -> tuple[int, User, dict[str, str]]:
    return 201, user, {"location": f"{request.mount}/users/{user.id}"}


@app.route("/form", methods=["POST", "PUT"])
def form(
    form: FormData,
    photo: UploadedFile,
    title: Annotated[str, Form()],
    text: Annotated[str, Body()],
    key: Annotated[str | None, Header("x-key")] = None,
    session: Annotated[str | None, Cookie()] = None,
    *,
    event: APIGatewayProxyEventV2,
) -> Response:
    response = JSONResponse({"title": title, "key": key}, 201, cookies=[SetCookie("session", session or "")])
    response.headers.add("vary", "accept")
    response.set_cookie(SetCookie.deleted("old"))
    return response


@app.get("/file")
def file(request: Request) -> FileResponse | RedirectResponse:
    if "range" in request.headers:
        return RedirectResponse("/elsewhere", 303)
    return FileResponse("a.txt", request=request, download_as="b.txt")


@app.exception_handler(KeyError)
def missing(request: Request, error: KeyError) -> ProblemResponse:
    return ProblemResponse(404, str(error), title="Missing", key=error.args[0])


@app.not_found
def nothing(request: Request, error: NotFoundError) -> tuple[int, str]:
    return 404, request.path


app.use(timed)
app.include(users, "/users", host="{tenant}.example.com", middleware=[timed])

reveal_type(show(1))  # User
reveal_type(missing)  # (request: Request, error: KeyError) -> ProblemResponse


async def added(request: Request, context: Context) -> None:
    reveal_type(await add(User(1, "x"), request, context))  # tuple[int, User, dict[str, str]]


problem: HTTPError = HTTPError(402, "pay", type="https://example.com/pay", headers={"retry-after": "1"}, price=7)
answer: Any = app({}, None)
handler = app
