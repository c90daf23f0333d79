"""The log: text records, JSON records, frames, and what is printed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.conformance.case import JSON_LOGS, Case, Setting, Step, does, function, module

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGING = "import logging\nlog = logging.getLogger()"
LOGS = ("result", "log")


def writes(id: str, contract: str, body: str, before: str = LOGGING, **options: Any) -> Case:
    """A case whose handler writes to the log in text format."""
    return does(f"log.{id}", contract, body, before, looks_at=LOGS, **options)


records: Callable[..., Case] = partial(writes, setting=JSON_LOGS)


def level(id: str, contract: str, value: str, log_format: str | None = None) -> Case:
    """A case about AWS_LAMBDA_LOG_LEVEL, which comes without JSON only outside AWS's own configuration."""
    setting = Setting(f"level-{id}", log_format=log_format, log_level=value)
    source = function(
        "for n in (5, 10, 15, 20, 30, 40, 50, 60):\n    log.log(n, 'level %s', n)\nreturn log.level", LOGGING
    )
    return Case(f"log.level-{id}", contract, source, setting=setting, places=("rie", "fake"), looks_at=LOGS, alone=True)


def framed(id: str, contract: str, source: str, **options: Any) -> Case:
    """A case about the framed sink, which only the scripted Runtime API offers."""
    looks_at = ("result", "log", "frames")
    return module(f"frames.{id}", contract, source, places=("fake",), framed=True, looks_at=looks_at, **options)


ALL_LEVELS = """
import logging
log = logging.getLogger()

def handler(event, context):
    for n in (1, 10, 15, 20, 30, 40, 50, 60):
        log.log(n, 'level %s', n)
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception('caught')
    print('printed')
    context.log('direct')
    raise ValueError('two\\nlines')
"""
JSON_ONLY = Setting("frames-json", log_format="JSON")
JSON_INFO = Setting("frames-json-info", log_format="JSON", log_level="INFO")
TEXT_DEBUG = Setting("frames-text-debug", log_level="DEBUG")
LOWER_JSON = Setting("json-lower", log_format="json", log_level="INFO")
OTHER_FORMAT = Setting("other-format", variables={"AWS_LAMBDA_LOG_FORMAT": "XML"})

TEXT: tuple[Case, ...] = (
    writes("record", "a record has level, time, request id and message", "log.warning('hello')"),
    writes("levels", "records below WARNING are dropped", "for n in (10, 20, 30, 40, 50):\n    log.log(n, '%d', n)"),
    writes("set-level", "the root logger's level is the function's to set", """
        log.setLevel('DEBUG')
        log.debug('d')
        log.setLevel('WARNING')
        """),
    writes("custom-level", "a level without a name", """
        log.log(35, 'x')
        logging.addLevelName(36, 'LOUD')
        log.log(36, 'y')
        """),
    writes("named", "other loggers propagate to it", "logging.getLogger('a.b').error('x')"),
    writes("arguments", "arguments are formatted", "log.error('%s and %r', 1, 'two')"),
    writes("multi-line", "a message of several lines", "log.error('one\\ntwo')"),
    writes("non-ascii", "text beyond ASCII", "log.error('é 李 😀')"),
    writes("extra", "extra attributes do not show in text", "log.error('x', extra={'a': 1})"),
    writes("exc-info", "exc_info follows, without a newline of its own", """
        try:
            1 / 0
        except ZeroDivisionError:
            log.exception('caught')
        log.error('next')
        """),
    writes("stack-info", "stack_info follows", "log.error('x', stack_info=True)"),
    writes("handlers", "the root logger has one handler, level WARNING, UTC times", """
        import time
        return [len(log.handlers), log.level, logging.Formatter.converter is time.gmtime]
        """),
    writes("basic-config", "basicConfig does nothing", """
        logging.basicConfig(level=10, format='mine')
        log.warning('x')
        return log.level
        """),
    writes("own-formatter", "its formatter can be replaced", """
        h = log.handlers[0]
        f = h.formatter
        h.setFormatter(logging.Formatter('%(aws_request_id)s %(message)s\\n'))
        log.error('x')
        h.setFormatter(f)
        """),
    writes("own-handler", "a handler of one's own", """
        import sys
        h = logging.StreamHandler(sys.stdout)
        log.addHandler(h)
        log.error('x')
        log.removeHandler(h)
        """),
    writes("own-filter", "records carry aws_request_id", """
        seen = []
        f = lambda r: seen.append(r.aws_request_id == context.aws_request_id) or True
        log.handlers[0].addFilter(f)
        log.error('x')
        log.handlers[0].removeFilter(f)
        return seen
        """),
    writes("thread", "records of other threads carry the request id", """
        import threading
        t = threading.Thread(target=log.error, args=('x',))
        t.start()
        t.join()
        """),
    writes("bad-arguments", "a record that cannot be formatted ends nothing", """
        log.error('%d', 'x')
        return 1
        """, alone=True, each_place=True),
    writes("warnings", "warnings go to stderr", "import warnings\nwarnings.warn('careful')"),
    writes("capture-warnings", "or to the log", """
        import warnings
        logging.captureWarnings(True)
        warnings.simplefilter('always')
        warnings.warn('careful')
        logging.captureWarnings(False)
        """),
    writes("stderr", "stderr is the same log", """
        import sys
        print('out')
        print('err', file=sys.stderr)
        print('out again')
        """),
    writes("print", "print writes as it is", "print('a', 1, None)\nprint()\nprint('é', end='')\nprint('|tail')"),
    writes("print-order", "every write is flushed", """
        import os
        print('one')
        os.write(1, b'two\\n')
        print('three', end='')
        os.write(1, b'four\\n')
        """),
    writes("print-unfinished", "an unfinished line is flushed too", "print('no newline', end='')"),
    writes("print-long", "a long line stays whole", "print('x' * 70_000)"),
    writes("print-surrogate", "what has no UTF-8 cannot be printed", "print('\\ud800')"),
    writes("writelines", "writelines", "import sys\nsys.stdout.writelines(['a\\n', 'b\\n'])"),
    writes("stdout-kind", "stdout looks like a text stream", """
        import sys
        out = sys.stdout
        return [out.encoding, out.fileno(), out.isatty(), out.writable(), sys.stderr.fileno()]
        """),
    writes("stdout-buffer", "its buffer is there", """
        import sys
        sys.stdout.buffer.write(b'bytes\\n')
        sys.stdout.flush()
        print('text')
        """),
    writes("stdout-replaced", "stdout may be replaced for a time", """
        import contextlib, io
        s = io.StringIO()
        with contextlib.redirect_stdout(s):
            print('hidden')
            log.error('hidden too')
        print('seen')
        return [len(s.getvalue().splitlines()), 'hidden too' in s.getvalue()]
        """),
    writes("child", "a child process writes to the log", """
        import subprocess
        print('before')
        subprocess.run(['echo', 'from child'])
        print('after')
        """),
    writes("context-log", "context.log writes as it is", "context.log('a\\n')\ncontext.log(7)\ncontext.log('\\n')"),
    writes("error", "an error is logged with its trace in one event", "raise ValueError('bad')"),
    writes("error-lines", "a message of several lines too", "raise ValueError('one\\n  two')"),
    writes("error-empty", "an error without message", "raise ValueError"),
    writes("error-nested", "indentation is kept by no-break spaces", "def f():\n    raise KeyError('k')\nf()"),
    writes("error-marshal", "an error without frames has the line Traceback", "return object()"),
    writes("error-unmarshal", "a bad event is logged", "return 1", steps=(Step(b"{"),)),
    writes("error-cause", "causes are not logged", """
        try:
            1 / 0
        except ZeroDivisionError as e:
            raise ValueError('v') from e
        """),
    module("log.init", "during INIT the request id is empty", """
        import logging
        logging.error('early')
        print('printed')
        def handler(event, context):
            logging.error('late')
        """, looks_at=LOGS, places=("rie", "engine", "fake")),
    module("log.init-level", "the level set at import stays", """
        import logging
        logging.getLogger().setLevel(logging.INFO)
        def handler(event, context):
            logging.info('x')
        """, looks_at=LOGS),
    module("log.imported-early", "logging that the function imports first", """
        import logging as l
        h = list(l.getLogger().handlers)
        def handler(event, context):
            return len(h)
        """),
    module("log.imported-late", "logging that is imported in the handler", """
        import sys
        def handler(event, context):
            import logging
            logging.error('x')
            return len(logging.getLogger().handlers)
        """, looks_at=LOGS),
    module("log.dict-config", "dictConfig replaces everything", """
        import logging.config
        logging.config.dictConfig({
            'version': 1, 'formatters': {'f': {'format': 'own %(levelname)s %(message)s'}},
            'handlers': {'h': {'class': 'logging.StreamHandler', 'formatter': 'f', 'stream': 'ext://sys.stdout'}},
            'root': {'handlers': ['h'], 'level': 'INFO'}})
        def handler(event, context):
            logging.info('x')
            return len(logging.getLogger().handlers)
        """, looks_at=LOGS),
    module("log.force-config", "basicConfig(force=True) replaces the handler", """
        import logging, sys
        logging.basicConfig(force=True, stream=sys.stdout, level=20, format='own %(message)s')
        def handler(event, context):
            logging.info('x')
        """, looks_at=LOGS),
    Case("log.other-format", "a format that is not JSON is text", function("log.error('x')", LOGGING),
        setting=OTHER_FORMAT, places=("rie", "fake"), looks_at=LOGS, alone=True),
    level("debug", "a level sets the root logger's", "DEBUG"),
    level("lower", "in any case", "info"),
    level("trace", "TRACE is DEBUG", "TRACE"),
    level("trace-lower", "trace in lower case is unknown", "trace"),
    level("warn", "WARN is known", "WARN"),
    level("fatal", "so is FATAL", "FATAL"),
    level("notset", "and NOTSET", "NOTSET"),
    level("unknown", "an unknown one is ignored", "LOUD"),
    level("json", "in JSON format it works the same", "ERROR", "JSON"),
)  # fmt: skip

JSON: tuple[Case, ...] = (
    records("json-record", "a JSON record has these keys in this order", "log.info('hello')"),
    records("json-levels", "levels are rounded down to tens", """
        for n in (5, 10, 25, 39, 50, 61):
            log.log(n, '%d', n)
        """),
    records("json-mutates", "the record itself is changed", """
        seen = []
        h = logging.Handler()
        h.emit = lambda r: seen.append(r.levelname)
        log.addHandler(h)
        log.log(25, 'x')
        log.removeHandler(h)
        return seen
        """),
    records("json-arguments", "arguments are formatted into the message", "log.info('%s', {'a': 1})"),
    records("json-dict", "a dict is the message itself", "log.info({'a': [1, None], 'b': 'é'})"),
    records("json-dict-arguments", "a dict with arguments is text", "log.info({'a': 1}, 2)"),
    records("json-list", "a list is text", "log.info([1, 2])"),
    records("json-multi-line", "lines are escaped", "log.info('one\\ntwo')"),
    records("json-non-ascii", "text is not escaped", "log.info('é 李 😀')"),
    records("json-logger", "the logger's name", "logging.getLogger('a.b').info('x')"),
    records("json-extra", "extra attributes are further keys",
        "log.info('x', extra={'a': 1, 'b': {'c': [1.5, True]}, 'd': 'é'})"),
    records("json-extra-none", "those that are None are left out",
        "log.info('x', extra={'a': None, 'b': 0, 'c': ''})"),
    records("json-extra-taken", "those with a key of the record's are dropped",
        "log.info('x', extra={'level': 1, 'requestId': 2, 'timestamp': 3, 'logger': 4, 'location': 5})"),
    records("json-extra-object", "what has no JSON form becomes text", "log.info('x', extra={'a': {1, }, 'b': E()})",
        LOGGING + "\nclass E:\n    def __str__(self): return 'as text'"),
    records("json-exc-info", "exceptions are further keys", """
        try:
            f()
        except ValueError:
            log.exception('caught')
        """, LOGGING + "\ndef f():\n    raise ValueError('bad')"),
    records("json-exc-instance", "an exception given as exc_info", "log.error('x', exc_info=ValueError('given'))"),
    records("json-stack-info", "stack_info is ignored", "log.info('x', stack_info=True)"),
    records("json-print", "print stays text", "print('plain')\nprint('{\"level\": \"ERROR\", \"message\": \"own\"}')"),
    records("json-context-log", "context.log too", "context.log('plain\\n')"),
    records("json-error", "an error is one JSON line", "raise ValueError('bad')"),
    records("json-error-non-ascii", "escaped as results are", "raise ValueError('é')"),
    records("json-error-raw", "raw from Python 3.12 on", "raise ValueError('é')",
        setting=Setting("json-3.12", "python3.12", "JSON", "INFO")),
    records("json-error-marshal", "an error without frames", "return object()"),
    records("json-error-surrogate", "a lone surrogate is harmless in JSON", "raise ValueError('\\ud800')"),
    records("json-thread", "records of other threads", """
        import threading
        t = threading.Thread(target=log.error, args=('x',))
        t.start()
        t.join()
        """),
    records("json-warnings", "captured warnings", """
        import warnings
        logging.captureWarnings(True)
        warnings.simplefilter('always')
        warnings.warn('careful')
        logging.captureWarnings(False)
        """),
    records("json-tenant", "the tenant's id", "log.info('x')", steps=(Step(tenant_id="blue"),)),
    Case("log.json-init", "during INIT the request id is empty, not missing", {
            "app.py": """
            import logging
            logging.error('early')
            def handler(event, context):
                pass
            """,
        }, setting=JSON_LOGS, looks_at=LOGS, alone=True),
    Case("log.json-init-error", "a failed INIT is one JSON line", {"app.py": "1 / 0\n"}, setting=JSON_LOGS,
        looks_at=LOGS, alone=True),
    Case("log.json-lower", "the format's name in any case", function("log.info('x')", LOGGING), setting=LOWER_JSON,
        places=("rie", "fake"), looks_at=LOGS, alone=True),
    Case("log.json-no-level", "JSON without a level is WARNING",
        function("log.info('x')\nlog.warning('y')\nreturn log.level", LOGGING), setting=JSON_ONLY,
        places=("rie", "fake"), looks_at=LOGS, alone=True),
)  # fmt: skip

FRAMES: tuple[Case, ...] = (
    framed("text", "without configuration every record has one type, errors their own", ALL_LEVELS),
    framed("text-level", "with a level each has its type", ALL_LEVELS, setting=TEXT_DEBUG),
    framed("json", "JSON records have theirs", ALL_LEVELS, setting=JSON_INFO),
    framed("json-no-level", "without a level too", ALL_LEVELS, setting=JSON_ONLY),
    framed("variable", "the variable is removed", """
        import os
        def handler(event, context):
            return '_LAMBDA_TELEMETRY_LOG_FD' in os.environ
        """),
    framed("init-error", "a failed INIT", "1 / 0\n"),
    framed("import-error", "a failed import", "import not_there\n"),
    framed("non-ascii", "lengths are those of UTF-8", """
        import logging
        def handler(event, context):
            logging.error('é 李')
            logging.error('')
        """),
    framed("child", "children do not inherit the descriptor's use", """
        import subprocess
        def handler(event, context):
            subprocess.run(['echo', 'child'])
            print('parent')
        """),
)  # fmt: skip

CASES = (*TEXT, *JSON, *FRAMES)
