"""The permitted differences: the one table.

Each row names the cases, the runs (a runtime, a place, or both as "runtime/place") and the observations that differ
from the reference, what they show instead (a regular expression found in the shown value's text), why, and under
which heading it stands in the README section "Differences from the managed runtime" (None: not about the runtime, but
about the places: what AWS's emulator does otherwise than AWS). The first row that speaks of an observation counts. A
row that no longer occurs fails the tests just as an unlisted difference does.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conformance.case import Place, Runtime


@dataclass(frozen=True)
class Difference:
    """One row; see the module's docstring."""

    cases: tuple[str, ...]
    where: str
    names: tuple[str, ...]
    shows: str
    what: str
    readme: str | None
    since: tuple[int, int] = (3, 10)
    before: tuple[int, int] = (4, 0)

    def covers(self, case_id: str, runtime: Runtime, place: Place, name: str) -> bool:
        """Whether this row speaks of that observation of that run."""
        places = (runtime, place, f"{runtime}/{place}")
        here = self.since <= sys.version_info[:2] < self.before
        return here and case_id in self.cases and self.where in places and name in self.names

    def describes(self, shown: Any) -> bool:
        """Whether a shown value is what the row says."""
        return re.search(self.shows, shown if isinstance(shown, str) else repr(shown), re.DOTALL) is not None


# The headings of the README section.
KINDS = "Handlers"
CHECKED = "Checks and exits"
EXITS = "Checks and exits"
ERRORS = "Errors tell more"
HINTS = "Errors tell more"
VALUES = "Results"
TEXT = "Results"
PATHS = "Results"
SURVIVES = "Servers"
SERVER = "Servers"
WORDS = "Details"
LOGGING = "Details"
WORKERS = "Workers"
CONTEXT = "Details"


def row(
    readme: str | None, what: str, cases: str, names: str, shows: str, where: str = "lambdakit", **versions: Any
) -> Difference:
    """A row, its cases and names given as words; `{a,b}` in a case stands for both."""
    return Difference(tuple(_expanded(cases)), where, tuple(names.split()), shows, what, readme, **versions)


def _expanded(words: str) -> list[str]:
    cases = []
    for word in re.findall(r"[^\s{]+\{[^}]*\}|\S+", words):
        head, _, tail = word.partition("{")
        cases += [head + part for part in tail.rstrip("}").replace(",", " ").split()] if tail else [head]
    return cases


FAILED_LOADS = """handler.{no-dot,built-in,built-in-package,missing-module,missing-submodule,missing-path,
    missing-dependency,missing-dependency-deep,import-name,import-error-raised,syntax-error,syntax-error-deep,
    indentation-error,tab-error,null-byte,missing-function,missing-similar,exception,exception-key-error,
    exception-own,exception-deep,exception-cause,attribute-error,getattr-raises}"""
MISSING = "handler.{no-dot,missing-module,missing-submodule,missing-path,missing-function,missing-similar}"
IMPORTS = "handler.{missing-dependency,missing-dependency-deep,import-name,import-error-raised}"
UNCALLABLE = "handler.{not-callable,none,no-arguments,one-argument,three-arguments,keyword-only}"
ATTRIBUTES = "handler.{nested-attribute,object-attribute}"
SYS_EXITS = "handler.{exit,exit-zero,exit-message}"
OWN_EXITS = "handler.{exit,exit-zero,exit-message,os-exit,keyboard-interrupt,killed}"
BAD_JSON = """event.{single-quotes,unclosed-object,
    unclosed-array,missing-comma,control-character,newline-in-string,bad-escape,bad-unicode-escape,large-broken}"""

DIFFERENCES: tuple[Difference, ...] = (
    row(KINDS, "generators are streamed", "result.generator-expression", "result", "a streamed piece must be bytes"),
    row(KINDS, "generators are streamed", "handler.{generator,async-generator}", "result log headers calls",
        r"'ok!?'|^\[\]|streaming|\['response'\]"),
    row(KINDS, "generators are streamed", "stream.{generator,empty,async}", "result outcome content_type",
        r"\['(ab|x|)'\]|response|octet-stream"),
    row(KINDS, "a generator that fails at once is an error", "stream.error", "result", '"errorType": "ValueError"'),
    row(KINDS, "async handlers are awaited", "handler.{async,async-callable}", "result calls",
        r"\"ok\"|\['response'\]"),
    row(KINDS, "methods of classes and objects", ATTRIBUTES, "result log headers exit calls",
        r"\"ok\"|^\[\]$|\[{}\]|None|\['response'\]"),
    row(KINDS, "_HANDLER names the handler when no argument does", "handler.{argument-missing,argument-empty}",
        "exit calls", r"None|\['response'\]"),
    row(CHECKED, "what cannot be called with two arguments is refused at start", UNCALLABLE,
        "result log headers exit calls", "Runtime.HandlerNotCallable|^1$|init/error"),
    row(EXITS, "sys.exit is reported before the process exits", "exit.{status,zero,nothing,message}", "result",
        r"sys\.exit was called: exit status \d"),
    row(EXITS, "sys.exit is reported before the process exits",
        "status.{sys-exit,sys-exit-zero,sys-exit-message,atexit}", "calls", r"\['error'\]"),
    row(EXITS, "sys.exit during import is an init error", SYS_EXITS, "result log headers calls",
        r"sys\.exit: exit status \d|Runtime\.ExitError|init/error"),
    row(EXITS, "sys.exit during import is an init error", "handler.{exit,exit-zero}", "exit", "^1$"),
    row(EXITS, "so is sys.exit in a hook", "snapstart.{before-exits,after-exits}", "result log", "Runtime.ExitError"),
    row(ERRORS, "causes, contexts, group members", "error.{cause,context,group}", "result cause",
        r"Caused by Zero|During handling of Zero|Member 1 of ExceptionGroup|'type': '(ZeroDivision|Key)Error'"),
    row(ERRORS, "causes, contexts, group members", "log.error-cause handler.exception-cause", "result log",
        "Caused by ZeroDivisionError"),
    row(ERRORS, "notes", "error.notes", "result", "first note"),
    row(ERRORS, "a failed import keeps its frames", f"{IMPORTS} frames.import-error", "result", "<task>/app.py"),
    row(ERRORS, "frames of a file called bootstrap.py", "error.bootstrap-file", "result cause", "<task>/bootstrap.py"),
    row(ERRORS, "frames of hooks begin with the hook", "snapstart.{before-fails,after-fails}", "result log",
        r"(\[\"|most recent call last\):\\r\\xa0)[^<]*<task>/app.py"),
    row(HINTS, "hints", f"{MISSING} {IMPORTS}", "log", r"Did you mean|A handler is named|is not in the deployment|"
        r"No module of that name|defines |<task>/app.py"),
    row(HINTS, "hints", "frames.import-error", "frames", "is not in the deployment"),
    row(VALUES, "datetimes, UUIDs, dataclasses, enums", "result.{enum,datetime,date,uuid,dataclass}",
        "result outcome", r"^\['(\"a\"|\"2026-01-02|\"00000000-|\{\"x\": 1, \"y\": \"b\"\}|response)"),
    row(TEXT, "text is UTF-8 whatever AWS_EXECUTION_ENV says",
        "result.{non-ascii,astral,escapes} event.{utf-8,escapes} error.non-ascii log.json-error-non-ascii "
        "context.client-non-ascii", "result log", r"é|😀|\\x7f"),
    row(TEXT, "large results are compact", "result.{large,large-decimal} error.long-message", "result",
        r"\"id\":0,|1\.10,1\.10|\"errorMessage\":\"xxx"),
    row(TEXT, "a lone surrogate is escaped", "result.lone-surrogate-raw", "result outcome content_type",
        r"ud800|response|application/json"),
    row(PATHS, "errors name the place in the result", "result.{set-nested,bytes-undecodable,large-set}", "result",
        r" at \$"),
    row(EXITS, "any BaseException is reported", "error.base-exception", "result content_type cause",
        r'"errorType": "E"|application/json|\'type\': \'E\''),
    row(ERRORS, "an exception without text, a lone surrogate in one, a lost directory",
        "error.{str-raises,surrogate,removed-directory}", "result content_type cause",
        r'"errorType": "(E|ValueError)"|application/json|\'type\': \'(E|ValueError)\''),
    row(SURVIVES, "a result over the limit", "limit.over", "result", r"'2'\]$"),
    row(SURVIVES, "410 and 413", "api.{response-413,response-410,error-413,error-410}", "result exit calls",
        r"^\['(1', '2'|\{.*\"2\".*)|^None$|^\['(response|error)', '(response|error)'\]$"),
    row(SERVER, "a missing or empty content type, a deadline that is no number",
        "event.{no-content-type,empty-content-type} context.bad-deadline", "result exit",
        r"\[1\]|Unable to parse the deadline|^None$"),
    row(LOGGING, "a record that cannot be formatted", "log.{bad-arguments,json-dict-arguments}", "result log",
        r"^\['(1|null)'\]$|--- Logging error ---"),
    row(SERVER, "an error and status 1 where AWS's client crashes", "api.next-204", "exit", "^1$"),
    row(SERVER, "half an answer is an error", "api.response-cut", "result exit calls",
        r"'1', None|^1$|^\['response'\]$"),
    row(SERVER, "a response that was not answered is sent once more", "api.response-lost", "calls",
        r"^\['response', 'response'\]$"),
    row(WORKERS, "the status is that of the first worker that failed",
        "workers.{init-error,init-error-403,exit}", "exit", r"^[13]$"),
    row(WORDS, "what is wrong with a document, in the standard library's words", BAD_JSON, "result",
        r"Expecting|Invalid"),
    row(WORDS, "what is wrong with a document, in the standard library's words", "error.unmarshal", "result cause",
        "Expecting property name enclosed in double quotes: line 1"),
    row(WORDS, "what is wrong with a document, in the standard library's words", "log.error-unmarshal", "result log",
        "Expecting property name enclosed in double quotes: line 1"),
    row(WORDS, "what is wrong with a document, in the standard library's words",
        "event.{trailing-comma,trailing-comma-array}", "result", "Expecting", before=(3, 13)),
    row(WORDS, "what is too deep", "result.too-deep", "result", "while encoding a JSON object", since=(3, 12)),
    row(WORDS, "the runtime's own frames",
        "context.{client-list,client-string,client-number,client-string-client,identity-list} log.print-surrogate",
        "result log", "<runtime>"),
    row(WORDS, "the runtime's own frames", "log.stack-info", "log", "<runtime>"),
    row(CONTEXT, "a deadline as datetime", "context.attributes", "result", '"deadline"'),
    # The places.
    row(None, "AWS's emulator runs a failing INIT once, AWS and the engine again in the invocation",
        f"{FAILED_LOADS} {ATTRIBUTES} log.json-init-error", "log", "LAMBDA_WARNING.*LAMBDA_WARNING", "engine"),
    row(None, "AWS's emulator runs a failing INIT once, AWS and the engine again in the invocation",
        "handler.exit-message", "log", "'bye', 'bye'", "engine"),
    row(None, "AWS's emulator answers nothing when a process ends during INIT", OWN_EXITS, "result",
        "Runtime.ExitError", "engine"),
    row(None, "the scripted Runtime API has no answer of its own", OWN_EXITS, "result", r"^\[None\]$", "fake"),
    row(None, "the timeout's text",
        "timeout.{sleep,busy,deaf,globals,cleanup,children} server.streamed-timeout", "result",
        r"\"errorType\":\"Sandbox\.Timedout\",\"errorMessage\":\"RequestId: <request \d> Error: Task timed out",
        "engine"),
    row(None, "AWS's emulator knows no account", "extension.account-id", "result", "accountId", "engine"),
    row(None, "AWS's emulator has no telemetry", "extension.telemetry", "result", r"^\['\[\[200, .*OK", "engine"),
    row(None, "the order of two keys", "limit.{over,over-bytes}", "result", r"\"errorMessage\":\"Response payload",
        "engine"),
    row(None, "an INIT has a time of its own", "timeout.slow-import", "result", "imported", "engine"),
    row(None, "AWS's emulator leaves running what a process that ended had started", "exit.children", "result",
        "'false'", "engine"),
    row(None, "AWS's emulator limits no memory", "memory.{over,import,child}", "result", "signal: killed", "engine"),
    row(None, "AWS's emulator runs a failing INIT once, AWS and the engine again in the invocation",
        "server.init-error-twice", "log", r"InitError to Ready.*InitError to Ready", "engine"),
    row(None, "AWS's emulator answers nothing when a process ends during INIT", "server.exit-before-next", "result",
        "exit status 5", "engine"),
    row(None, "AWS's emulator does not end a process that stays after its init error", "server.init-error-stays",
        "result", r'"errorType": "E"', "engine"),
    row(None, "AWS's emulator ignores trailers", "server.streamed-error", "result", r'"errorType":"E"', "engine"),
    row(None, "AWS's emulator waits for a process that has answered, AWS and the engine answer at once",
        "server.slow-after-response", "result", r"^\['1', '2'\]$", "engine"),
    row(None, "AWS's emulator does not notice that a response is cut",
        "server.{streamed-exit,response-cut,chunks-cut}", "result", "Runtime.TruncatedResponse", "engine"),
    row(None, "AWS's emulator fails at a response mode it does not know", "server.mode", "result",
        "Runtime.InvalidResponseModeHeader", "engine"),
)  # fmt: skip
