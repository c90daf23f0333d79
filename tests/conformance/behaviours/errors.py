"""Errors of the handler: the error JSON, the stack trace, the cause for X-Ray."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.conformance.case import PYTHON_312, Case, Step, does, module

if TYPE_CHECKING:
    from collections.abc import Callable

LOOKS_AT = ("result", "outcome", "content_type", "cause")


def raises(id: str, contract: str, error: str, before: str = "", **options: Any) -> Case:
    """A case whose handler raises."""
    return does(f"error.{id}", contract, f"raise {error}", before, looks_at=LOOKS_AT, **options)


fails: Callable[..., Case] = partial(does, looks_at=LOOKS_AT)

CASES: tuple[Case, ...] = (
    raises("json", "the error JSON has four keys in this order", "ValueError('bad value')"),
    raises("no-arguments", "an exception without arguments has an empty message", "ValueError"),
    raises("key-error", "the message of a KeyError is in quotes", "KeyError('k')"),
    raises("two-arguments", "two arguments are shown as a tuple", "ValueError('a', 1)"),
    raises("os-error", "an OSError as Python words it", "FileNotFoundError(2, 'No such file', 'x.txt')"),
    raises("multi-line", "a message of several lines", "ValueError('one\\ntwo\\n  three')"),
    raises("quotes", "a message with quotes and backslashes", "ValueError('a \"b\" \\\\ \\'c\\'')"),
    raises("non-ascii", "a message beyond ASCII", "ValueError('é 李 😀')"),
    raises("non-ascii-raw", "the same from Python 3.12 on", "ValueError('é 李 😀')", setting=PYTHON_312),
    raises("long-message", "a long message is not cut", "ValueError('x' * 100_000)"),
    raises("own-class", "the type is the class's name", "Own('x')", "class Own(Exception): pass"),
    raises("nested-class", "without module and outer class", "A.B('x')", "class A:\n    class B(Exception): pass"),
    raises("own-str", "the message is str(exception)", "E('x')", """
        class E(Exception):
            def __str__(self): return 'mine'
        """),
    raises("empty-str", "an empty str() is an empty message", "E('x')", """
        class E(Exception):
            def __str__(self): return ''
        """),
    raises("stop-iteration", "StopIteration is an ordinary error", "StopIteration(3)"),
    raises("memory-error", "so is MemoryError", "MemoryError('x')"),
    raises("unicode-error", "and UnicodeDecodeError", "UnicodeDecodeError('utf-8', b'\\xff', 0, 1, 'why')"),
    raises("system-error", "and SystemError", "SystemError('x')"),
    fails("error.assertion", "a failed assert", "assert event == 1, event"),
    fails("error.zero-division", "an error from an operator", "return 1 / 0"),
    fails("error.attribute", "no suggestion is added to the message", "return ''.uper()"),
    fails("error.name", "an unknown name", "return undefined_name"),
    fails("error.import", "an import in the handler that fails is not an init error", "import not_there_at_all"),
    fails("error.syntax", "nor is a syntax error in evaluated text", "return eval('1 +')"),
    fails("error.recursion", "RecursionError is an ordinary error", "return handler(event, context)"),
    fails("error.nested", "frames from the handler inwards", "return a(event)", """
        def a(x):
            return b(x)

        def b(x):
            return (lambda y: c(y))(x)

        def c(x):
            raise ValueError('deep')
        """),
    fails("error.generated-code", "a frame whose source is not at hand",
        "exec(compile('raise ValueError(1)', '<made>', 'exec'))"),
    fails("error.stdlib", "frames of the standard library stay", "import json\nreturn json.loads('x')"),
    fails("error.comprehension", "a comprehension", "return [1 / x for x in (1, 0)]"),
    fails("error.method", "a method", "return C().m()", "class C:\n    def m(self):\n        raise ValueError('m')"),
    fails("error.decorated", "a decorator's frame", "return inner(event)", """
        import functools

        def deco(f):
            @functools.wraps(f)
            def wrapper(*args):
                return f(*args)
            return wrapper

        @deco
        def inner(event):
            raise ValueError('in')
        """),
    fails("error.multi-line-call", "a call over several lines shows its first", "return int(\n    'x'\n)"),
    fails("error.reraised", "an exception raised again keeps its frames", """
        try:
            f()
        except ValueError:
            raise
        """, """
        def f():
            raise ValueError('once')
        """),
    fails("error.from-none", "a suppressed context stays hidden", """
        try:
            1 / 0
        except ZeroDivisionError:
            raise ValueError('v') from None
        """),
    fails("error.cause", "causes are lost", """
        try:
            1 / 0
        except ZeroDivisionError as e:
            raise ValueError('v') from e
        """),
    fails("error.context", "contexts are lost", """
        try:
            1 / 0
        except ZeroDivisionError:
            raise ValueError('v')
        """),
    fails("error.notes", "notes are lost", "e = ValueError('v')\ne.__notes__ = ['first note', 'second']\nraise e"),
    fails("error.group", "members of a group are lost", "raise ExceptionGroup('g', [ValueError('a'), KeyError('b')])",
        python=(3, 11)),
    fails("error.warning", "a warning that is raised", "raise UserWarning('w')"),
    fails("error.then-success", "after an error the next event is served, globals kept", """
        n.append(1)
        if event:
            raise ValueError(len(n))
        return len(n)
        """, "n = []", steps=(Step(b"1"), Step(b"0"), Step(b"1"))),
    fails("error.unmarshal", "the cause of a bad event has no frames", "return 1", steps=(Step(b"{"),)),
    fails("error.marshal", "nor has that of a bad result", "return object()"),
    fails("error.str-raises", "an exception whose str() raises ends the process", "raise E('x')", """
        class E(Exception):
            def __str__(self): raise ValueError('no')
        """, alone=True),
    raises("surrogate", "a lone surrogate in a message ends the process in text log mode", "ValueError('\\ud800')",
        alone=True),
    raises("keyboard-interrupt", "KeyboardInterrupt ends the process", "KeyboardInterrupt", alone=True,
        places=("fake",)),
    raises("generator-exit", "GeneratorExit too", "GeneratorExit", alone=True, places=("fake",)),
    raises("base-exception", "any other BaseException ends the process", "E('x')", "class E(BaseException): pass",
        alone=True),
    Case("error.bootstrap-file", "leading frames of a file called bootstrap.py are lost", {
            "bootstrap.py": """
            def handler(event, context):
                return work()

            def work():
                from inner import f
                f()
            """,
            "inner.py": """
            def f():
                raise ValueError('x')
            """,
        }, handler="bootstrap.handler", alone=True, looks_at=LOOKS_AT),
    module("error.paths", "each file stands once in the cause", """
        def handler(event, context):
            return g()

        def g():
            return 1 / 0
        """, looks_at=LOOKS_AT),
    does("error.headers", "an error has no type header, a content type, a cause", "raise ValueError('x')",
        places=("fake",), looks_at=("headers", "calls", "cause"), alone=True),
    does("error.cause-size", "a cause of 1 MiB or more is left out", "raise ValueError('x' * 2_000_000)",
        places=("fake",), looks_at=("cause", "calls"), alone=True),
    does("error.removed-directory", "the working directory may be gone", """
        import os, tempfile
        d = tempfile.mkdtemp()
        os.chdir(d)
        os.rmdir(d)
        raise ValueError('x')
        """, alone=True, looks_at=LOOKS_AT),
)  # fmt: skip
