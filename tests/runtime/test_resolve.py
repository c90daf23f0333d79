"""Handler names: what each resolves to, and how each mistake is reported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from lambdakit.exceptions import HandlerLoadFault
from lambdakit.runtime.resolve import is_async, load_handler, may_be_async

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = """
import functools

def plain(event, context):
    return "plain", event, context

async def coroutine(event, context): ...
async def streamed(event, context):
    yield 1
def generator(event, context):
    yield 1

@functools.wraps(coroutine)
def decorated(event, context): ...

class Service:
    made = 0
    def __init__(self):
        Service.made += 1
    def handle(self, event, context):
        return self, event, context
    async def wait(self, event, context): ...
    @classmethod
    def by_class(cls, event, context):
        return cls, event, context
    @staticmethod
    def static(event, context):
        return event, context
    def __call__(self, event, context):
        return "called", event, context

class Inherited(Service): ...

service = Service()
lambda_handler = lambda event, context: "lambda"
partial = functools.partial(plain)
built_in = max
keyword = lambda event, *, context=None: None
number = 7
def one(event): ...
def three(a, b, c): ...
def three_one_given(a, b, c=1): ...
def none(): ...
def any_number(*args): ...
def keyword_needed(event, context, *, key): ...
def keyword_given(event, context, *, key=1): ...
class Misfit:
    def __call__(self, event): ...
misfit = Misfit()
"""


@pytest.fixture(autouse=True)
def _task_root(tmp_path, monkeypatch) -> Iterator[None]:
    files = {
        "app.py": SOURCE,
        "pkg/__init__.py": "",
        "pkg/inner.py": "def handler(event, context):\n    return 'inner'\n",
        "broken.py": "import nowhere.to_be_found\n",
        "half.py": "from app import no_such_name\n",
        "syntax.py": "def handler(event, context)\n    pass\n",
        "raising.py": "raise LookupError('at import')\n",
        "exiting.py": "import sys\nsys.exit(3)\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    for name in ("app", "pkg", "pkg.inner", "broken", "half", "syntax", "raising", "exiting"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("app.plain", ("plain", 1, 2)),
        ("app.lambda_handler", "lambda"),
        ("app.partial", ("plain", 1, 2)),
        ("app.service", ("called", 1, 2)),
        ("app.Service.static", (1, 2)),
        ("pkg.inner.handler", "inner"),
        ("pkg/inner.handler", "inner"),
    ],
)
def test_a_name_resolves_to_a_callable(name, result) -> None:
    assert load_handler(name)(1, 2) == result


def test_a_method_of_a_class_is_bound_to_one_new_instance() -> None:
    handler = load_handler("app.Service.handle")
    app = sys.modules["app"]
    first, second = handler(1, 2)[0], handler(3, 4)[0]
    assert first is second
    assert type(first) is app.Service
    assert app.Service.made == 2  # the module's own, and this one


def test_a_method_of_an_instance_is_bound_to_it() -> None:
    assert load_handler("app.service.handle")(1, 2)[0] is sys.modules["app"].service


def test_class_methods_need_no_instance() -> None:
    assert load_handler("app.Service.by_class")(1, 2)[0] is sys.modules["app"].Service
    assert sys.modules["app"].Service.made == 1


def test_an_inherited_method_gets_an_instance_of_the_named_class() -> None:
    assert type(load_handler("app.Inherited.handle")(1, 2)[0]).__name__ == "Inherited"


@pytest.mark.parametrize(
    "name", ["any_number", "three_one_given", "keyword_given", "built_in", "generator", "streamed"]
)
def test_everything_that_takes_event_and_context_is_accepted(name) -> None:
    assert callable(load_handler(f"app.{name}"))


@pytest.mark.parametrize(
    ("name", "error_type", "message"),
    [
        ("app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"),
        ("", "Runtime.MalformedHandlerName", "Bad handler '': not enough values to unpack (expected 2, got 1)"),
        ("sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        ("time.x.y", "Runtime.BuiltInModuleConflict", "Cannot use built-in module time.x as a handler module"),
        ("nope.handler", "Runtime.ImportModuleError", "Unable to import module 'nope': No module named 'nope'"),
        ("no/pe.handler", "Runtime.ImportModuleError", "Unable to import module 'no/pe': No module named 'no'"),
        (
            "pkg.nope.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'pkg.nope': No module named 'pkg.nope'",
        ),
        ("broken.handler", "Runtime.ImportModuleError", "Unable to import module 'broken': No module named 'nowhere'"),
        ("app.nope", "Runtime.HandlerNotFound", "Handler 'nope' missing on module 'app'"),
        ("app.Service.nope", "Runtime.HandlerNotFound", "Handler 'nope' missing on module 'app.Service'"),
        ("app.plain.", "Runtime.HandlerNotFound", "Handler '' missing on module 'app.plain'"),
        (
            "app.number",
            "Runtime.HandlerNotCallable",
            "Handler 'number' of module 'app' is not callable: it is of type int",
        ),
        *(
            (
                f"app.{name}",
                "Runtime.HandlerNotCallable",
                f"Handler '{name}' of module 'app' takes {wants} positional arguments, "
                "but is called with 2: (event, context)",
            )
            for name, wants in (("one", "1"), ("three", "3"), ("none", "0"), ("misfit", "1"), ("keyword", "1"))
        ),
    ],
)
def test_a_mistake_has_its_error_type_and_message(name, error_type, message) -> None:
    with pytest.raises(HandlerLoadFault) as caught:
        load_handler(name)
    assert (caught.value.error_type, caught.value.message) == (error_type, message)


def test_a_keyword_that_nobody_gives_is_refused() -> None:
    with pytest.raises(HandlerLoadFault) as caught:
        load_handler("app.keyword_needed")
    assert caught.value.error_type == "Runtime.HandlerNotCallable"
    assert caught.value.message.endswith("needs the keyword arguments key, but is called with (event, context)")


def test_an_import_error_names_what_is_missing_and_where(tmp_path) -> None:
    with pytest.raises(HandlerLoadFault) as caught:
        load_handler("half.handler")
    fault = caught.value
    assert fault.message.startswith("Unable to import module 'half': cannot import name 'no_such_name' from 'app'")
    assert fault.stack_trace == (
        f'  File "{tmp_path}/half.py", line 1, in <module>\n    from app import no_such_name\n',
    )


def test_a_syntax_error_shows_its_line(tmp_path) -> None:
    with pytest.raises(HandlerLoadFault) as caught:
        load_handler("syntax.handler")
    fault = caught.value
    assert fault.error_type == "Runtime.UserCodeSyntaxError"
    assert fault.message.startswith("Syntax error in module 'syntax': expected ':' (syntax.py, line 1)")
    assert fault.stack_trace == (f'  File "{tmp_path}/syntax.py" Line 1\n    def handler(event, context)\n',)


def test_what_the_module_raises_passes_through() -> None:
    with pytest.raises(LookupError, match="at import"):
        load_handler("raising.handler")
    with pytest.raises(SystemExit):
        load_handler("exiting.handler")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, True) for name in ("coroutine", "streamed", "Service.wait", "decorated")),
        *((name, False) for name in ("plain", "generator", "service", "partial", "built_in", "Service.handle")),
    ],
)
def test_is_async(name, expected) -> None:
    assert is_async(load_handler(f"app.{name}")) is expected
    assert may_be_async(load_handler(f"app.{name}")) is expected


def test_an_object_may_say_that_it_is_async_at_times() -> None:
    class Routing:
        __lambda_async__ = True

        def __call__(self, event: object, context: object) -> None: ...

    assert may_be_async(Routing())
    assert not is_async(Routing())
