"""From the handler's name to the function: what can be loaded, and how each failure is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.conformance.case import PLACES, Case, Setting, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

OK = "def handler(event, context):\n    return 'ok'\n"
LOOKS_AT = ("result", "log", "headers", "exit", "calls")
NO_API = Setting("no-api", variables={"AWS_LAMBDA_RUNTIME_API": None})


def loads(id: str, contract: str, files: Mapping[str, str] | str, handler: str = "app.handler", **options: Any) -> Case:
    """A case about loading: everywhere, looked at from all sides."""
    sources = {"app.py": files} if isinstance(files, str) else files
    options = {"places": PLACES, "looks_at": LOOKS_AT, **options}
    return Case(f"handler.{id}", contract, sources, handler, alone=True, **options)


CASES: tuple[Case, ...] = (
    loads("no-dot", "a name without a dot is malformed", OK, "app"),
    loads("built-in", "a built-in module cannot hold a handler", OK, "sys.handler"),
    loads("built-in-package", "nor something within one", OK, "time.sub.handler"),
    loads("missing-module", "a module that is not there", OK, "nope.handler"),
    loads("missing-submodule", "a submodule that is not there", {"pkg/__init__.py": "", "pkg/mod.py": OK},
        "pkg.nope.handler"),
    loads("missing-path", "texts keep the slash of the name", {"pkg/__init__.py": "", "pkg/mod.py": OK},
        "pkg/nope.handler"),
    loads("missing-dependency", "a missing dependency is the same error", "import not_there\n" + OK),
    loads("missing-dependency-deep", "at any depth", {
            "app.py": "import inner\n" + OK,
            "inner.py": "from not_there.sub import x\n",
        }),
    loads("import-name", "a name that a module lacks", "from os import not_there\n" + OK),
    loads("import-error-raised", "an ImportError that a module raises itself", "raise ImportError('my own words')\n"),
    loads("syntax-error", "a syntax error is told with its line", "def handler(event, context)\n    return 1\n"),
    loads("syntax-error-deep", "also in an imported file", {"app.py": "import inner\n" + OK, "inner.py": "x = = 1\n"}),
    loads("indentation-error", "an indentation error is one", "def handler(event, context):\nreturn 1\n"),
    loads("tab-error", "mixed tabs too", "def handler(event, context):\n\tif 1:\n        return 1\n"),
    loads("null-byte", "a NUL byte in the source", "x = 1\x00\n"),
    loads("missing-function", "a function that is not there", OK, "app.nope"),
    loads("missing-similar", "a function with a similar name", OK, "app.handlr"),
    loads("exception", "any other exception keeps its class, frames and import frames", """
        def f():
            raise ValueError('at import')

        f()
        """),
    loads("exception-key-error", "its message is str()", "{}['k']\n"),
    loads("exception-own", "also of a class of the module", "class Own(Exception): pass\nraise Own('x')\n"),
    loads("exception-deep", "in an imported module", {"app.py": "import inner\n" + OK, "inner.py": "1 / 0\n"}),
    loads("exception-cause", "its cause is lost", """
        try:
            1 / 0
        except ZeroDivisionError as e:
            raise ValueError('v') from e
        """),
    loads("attribute-error", "an AttributeError during import is not a missing function", "import os\nos.nope\n" + OK),
    loads("exit", "sys.exit during import ends the process", "import sys\nsys.exit(3)\n"),
    loads("exit-zero", "with status 0 too", "import sys\nsys.exit(0)\n"),
    loads("exit-message", "with a message", "import sys\nsys.exit('bye')\n"),
    loads("os-exit", "os._exit during import", "import os\nos._exit(5)\n"),
    loads("keyboard-interrupt", "KeyboardInterrupt during import", "raise KeyboardInterrupt\n",
        looks_at=("result", "exit", "calls")),
    loads("killed", "a signal during import", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"),
    loads("package-dots", "a module in a package, with dots", {"pkg/__init__.py": "", "pkg/mod.py": OK},
        "pkg.mod.handler"),
    loads("package-slash", "a module in a package, with a slash", {"pkg/__init__.py": "", "pkg/mod.py": OK},
        "pkg/mod.handler"),
    loads("package-namespace", "a package without __init__", {"pkg/mod.py": OK}, "pkg.mod.handler"),
    loads("package-itself", "the package itself", {"pkg/__init__.py": OK}, "pkg.handler"),
    loads("package-relative", "relative imports within", {
            "pkg/__init__.py": "",
            "pkg/mod.py": "from .other import handler\n",
            "pkg/other.py": OK,
        }, "pkg/mod.handler"),
    loads("odd-name", "a module whose name is no identifier", {"my-app.py": OK}, "my-app.handler"),
    loads("unicode-name", "a function whose name is not ASCII", """
        def größe(event, context):
            return 'ok'
        """, "app.größe"),
    loads("nested-attribute", "attributes of classes cannot be named", """
        class C:
            def m(self, event, context):
                return 'ok'
        """, "app.C.m"),
    loads("object-attribute", "nor methods of objects", """
        class C:
            def m(self, event, context):
                return 'ok'
        c = C()
        """, "app.c.m"),
    loads("not-callable", "a handler that cannot be called fails at the event", "handler = 42\n"),
    loads("none", "so does None", "handler = None\n"),
    loads("no-arguments", "a handler without parameters fails at the event", "def handler():\n    return 1\n"),
    loads("one-argument", "with one", "def handler(event):\n    return 1\n"),
    loads("three-arguments", "with three", "def handler(event, context, more):\n    return 1\n"),
    loads("keyword-only", "with a keyword that must be given", """
        def handler(event, context, *, more):
            return 1
        """),
    loads("defaults", "further parameters with defaults are fine", """
        def handler(event, context, more=1, *, other=2):
            return [more, other]
        """),
    loads("star-arguments", "so is *args", "def handler(*args, **kwargs):\n    return [len(args), len(kwargs)]\n"),
    loads("callable-instance", "an instance with __call__", """
        class C:
            def __call__(self, event, context):
                return 'ok'
        handler = C()
        """),
    loads("bound-method", "a bound method", """
        class C:
            def m(self, event, context):
                return 'ok'
        handler = C().m
        """),
    loads("partial", "a partial", """
        import functools
        def f(a, event, context):
            return a
        handler = functools.partial(f, 'ok')
        """),
    loads("lambda", "a lambda", "handler = lambda event, context: 'ok'\n"),
    loads("wrapped", "a decorated function", """
        import functools
        def d(f):
            @functools.wraps(f)
            def w(*a): return f(*a)
            return w
        @d
        def handler(event, context): return 'ok'
        """),
    loads("class-dict", "a built-in callable", "import operator\nhandler = operator.is_\n"),
    loads("class", "a class, whose instance has no JSON form", """
        class handler:
            def __init__(self, event, context): pass
        """),
    loads("async", "an async def is not awaited", """
        async def handler(event, context):
            return 'ok'
        """, looks_at=("result", "headers", "exit", "calls")),
    loads("async-callable", "nor an async __call__", """
        class C:
            async def __call__(self, event, context):
                return 'ok'
        handler = C()
        """, looks_at=("result", "headers", "exit", "calls")),
    loads("generator", "a generator is not run", "def handler(event, context):\n    yield 'ok'\n    yield b'!'\n"),
    loads("async-generator", "nor an async generator", "async def handler(event, context):\n    yield 'ok'\n"),
    loads("runs-once", "the module runs once", """
        import builtins
        builtins.n = getattr(builtins, 'n', 0) + 1
        def handler(event, context):
            return builtins.n
        """, steps=(Step(), Step())),
    loads("module-getattr", "a module's __getattr__ may give the handler", """
        def __getattr__(name):
            if name == 'handler':
                return lambda e, c: 'ok'
            raise AttributeError(name)
        """),
    loads("getattr-raises", "an error in it is not a missing function", """
        def __getattr__(name):
            raise ValueError(name)
        """),
    loads("prints", "what a module prints at import is logged", "print('importing')\n" + OK),
    loads("argument-missing", "without an argument there is no handler", OK, handler=None, places=("fake",),
        looks_at=("exit", "calls")),
    loads("argument-empty", "an empty argument is malformed", OK, "", places=("fake",), looks_at=("exit", "calls")),
    loads("api-missing", "without AWS_LAMBDA_RUNTIME_API nothing runs", OK, places=("fake",),
        looks_at=("exit", "calls"), setting=NO_API),
)  # fmt: skip
