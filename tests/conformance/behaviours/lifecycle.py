"""The process: exits, signals, timeouts, limits, what stays between invocations, what it finds when it starts."""

from __future__ import annotations

import signal
import textwrap
from typing import TYPE_CHECKING, Any

from tests.conformance.case import PLACES, PYTHON_312, SERVERS, Setting, Step, does, module

if TYPE_CHECKING:
    from tests.conformance.case import Case, Place

ONE_SECOND = Setting("one-second", timeout=1)
EMULATORS: tuple[Place, ...] = ("rie", "engine")
TWICE = (Step(b"1"), Step(b"0"))
COUNTER = "import os\nn = []\nn.append(1)"
MIB_6 = 6_291_556
# Whether there are core dumps, and so what is said of them, is the machine's.
NO_CORE = "import os, resource, signal\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))"
# A first event leaves a child behind, a second one shows whether it still runs.
CHILDREN = """
import os, subprocess, time
def runs(pid):
    try:
        return open(f'/proc/{pid}/stat').read().rpartition(') ')[2][0] != 'Z'
    except OSError:
        return False
"""
LEAVES_CHILD = """
if not event:
    return runs(open('child').read())
with open('child', 'w') as file:
    file.write(str(subprocess.Popen(['sleep', '20']).pid))
"""


def _if_event(body: str) -> str:
    return "if event:\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ")


def ends(id: str, contract: str, body: str, before: str = "import os, signal, sys", **options: Any) -> Case:
    """A case whose first event ends the process and whose second shows what is left; emulators only."""
    body = f"{_if_event(body)}\nn.append(1)\nreturn len(n)"
    return does(f"exit.{id}", contract, body, f"{before}\nn = []", steps=TWICE, alone=True, **options)


def exits(id: str, contract: str, body: str, **options: Any) -> Case:
    """A case about the exit status itself, which only the scripted Runtime API sees."""
    looks_at = ("exit", "calls")
    before = "import os, signal, sys, threading"
    return does(f"status.{id}", contract, body, before, places=("fake",), looks_at=looks_at, alone=True, **options)


def times_out(
    id: str, contract: str, body: str, before: str = "import time", *, then: str = "'in time'", **options: Any
) -> Case:
    """A case whose first event runs into the timeout of one second, and whose second shows what there is then."""
    body = f"{_if_event(body)}\nreturn {then}"
    return does(f"timeout.{id}", contract, body, before, steps=TWICE, alone=True, setting=ONE_SECOND, **options)


def signalled(id: str, contract: str, source: str, number: int, **options: Any) -> Case:
    """A case about a signal that arrives while the process waits for the next event."""
    looks_at = ("result", "log", "exit", "calls")
    return module(f"signal.{id}", contract, source, places=("fake",), looks_at=looks_at, signal=number, **options)


TERM = """
import os, signal
def on_term(number, frame):
    print('terminating')
    os._exit(0)
signal.signal(signal.SIGTERM, on_term)
def handler(event, context):
    return 1
"""

CASES: tuple[Case, ...] = (
    ends("status", "sys.exit in a handler is a Runtime.ExitError with the status", "sys.exit(7)"),
    ends("zero", "status 0 is an exit without a reason", "sys.exit(0)"),
    ends("nothing", "so is sys.exit()", "sys.exit()"),
    ends("message", "a message is status 1", "sys.exit('bye')"),
    ends("os-exit", "os._exit", "os._exit(9)"),
    ends("os-exit-zero", "os._exit(0)", "os._exit(0)"),
    ends("killed", "SIGKILL", "os.kill(os.getpid(), signal.SIGKILL)"),
    ends("terminated", "SIGTERM", "os.kill(os.getpid(), signal.SIGTERM)"),
    ends("segfault", "SIGSEGV", "os.kill(os.getpid(), signal.SIGSEGV)"),
    ends("abort", "SIGABRT", "os.abort()"),
    ends("highest", "the highest status", "os._exit(255)", runtimes=SERVERS),
    ends("quit", "SIGQUIT", "os.kill(os.getpid(), signal.SIGQUIT)", NO_CORE, runtimes=SERVERS),
    ends("bus", "SIGBUS", "os.kill(os.getpid(), signal.SIGBUS)", NO_CORE, runtimes=SERVERS),
    ends("float", "SIGFPE", "os.kill(os.getpid(), signal.SIGFPE)", NO_CORE, runtimes=SERVERS),
    ends("hangup", "SIGHUP", "os.kill(os.getpid(), signal.SIGHUP)", runtimes=SERVERS),
    ends("user", "SIGUSR1", "os.kill(os.getpid(), signal.SIGUSR1)", runtimes=SERVERS),
    ends("alarm", "SIGALRM", "signal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(10)", "import signal, time",
        runtimes=SERVERS),
    ends("thread", "another thread may end the process", "threading.Thread(target=os._exit, args=(6,)).start()\n"
        "time.sleep(10)", "import os, threading, time"),
    ends("exec", "so may a program that takes its place", "os.execv('/bin/sh', ['sh', '-c', 'exit 8'])",
        runtimes=SERVERS),
    does("exit.children", "what it has started ends with it", f"{LEAVES_CHILD}\nos._exit(1)", CHILDREN, steps=TWICE,
        alone=True, runtimes=SERVERS),
    ends("log", "what was printed before is in the log", "print('last words', end='') or os._exit(3)",
        looks_at=("log",)),
    does("exit.tmp", "files in /tmp outlive a reset", """
        path = event
        if os.path.exists(path):
            return os.path.exists(path)
        open(path, 'w').close()
        os._exit(1)
        """, "import os", steps=(Step(b'"kept"'), Step(b'"kept"')), alone=True),
    exits("sys-exit", "sys.exit(7) in a handler", "sys.exit(7)"),
    exits("sys-exit-zero", "sys.exit(0)", "sys.exit(0)"),
    exits("sys-exit-message", "sys.exit('bye')", "sys.exit('bye')"),
    exits("os-exit", "os._exit(9)", "os._exit(9)"),
    exits("keyboard-interrupt", "KeyboardInterrupt is status 1", "raise KeyboardInterrupt"),
    exits("thread", "sys.exit in a thread ends the thread", """
        t = threading.Thread(target=sys.exit, args=(3,))
        t.start()
        t.join()
        return 1
        """),
    exits("atexit", "atexit functions run at sys.exit", "import atexit\natexit.register(os._exit, 42)\nsys.exit(1)"),
    signalled("default", "SIGTERM ends an idle process", """
        def handler(event, context):
            return 1
        """, signal.SIGTERM),
    signalled("handler-3.12", "a handler runs at once from Python 3.12 on", TERM, signal.SIGTERM, setting=PYTHON_312),
    times_out("sleep", "the caller is told, and the next event finds a fresh process", "time.sleep(30)"),
    times_out("busy", "busy loops are ended too", "while True: pass"),
    times_out("deaf", "also when they ignore SIGTERM", """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(30)
        """, "import signal, time"),
    times_out("log", "what was printed before is in the log", """
        print('started')
        time.sleep(30)
        """, looks_at=("log",)),
    times_out("cleanup", "nothing of the function runs when its time is over", """
        atexit.register(open, 'exited', 'w')
        try:
            time.sleep(30)
        finally:
            open('left', 'w').close()
        """, "import atexit, os, time", then="[os.path.exists(name) for name in ('exited', 'left')]"),
    does("timeout.children", "what it has started ends, too", f"{LEAVES_CHILD}\ntime.sleep(30)", CHILDREN, steps=TWICE,
        alone=True, setting=ONE_SECOND, runtimes=SERVERS),
    does("timeout.deadline", "the time that is left counts down from the timeout", """
        left = [context.get_remaining_time_in_millis() for _ in range(2)]
        return 0 < left[1] <= left[0] <= 1000
        """, setting=ONE_SECOND, alone=True),
    module("timeout.slow-import", "an import that takes longer than the timeout has the time of an INIT", """
        import time
        time.sleep(1.2)
        def handler(event, context):
            return 'imported'
        """, setting=ONE_SECOND, runtimes=SERVERS),
    module("timeout.globals", "globals are lost", """
        import time
        n = []
        def handler(event, context):
            n.append(1)
            if event:
                time.sleep(30)
            return len(n)
        """, steps=(Step(b"0"), Step(b"1"), Step(b"0")), setting=ONE_SECOND),
    does("limit.exact", "a result of exactly 6 MiB + 100 passes", f"return 'x' * {MIB_6 - 2}", alone=True),
    does("limit.over", "one byte more is Function.ResponseSizeTooLarge",
        f"n.append(1)\nreturn 'x' * {MIB_6 - 1} if event else len(n)", "n = []", steps=TWICE, alone=True),
    does("limit.over-bytes", "also for bytes", f"return b'x' * {MIB_6 + 1} if event else 1", steps=TWICE, alone=True),
    does("limit.event", "an event of exactly that size passes", "return len(event)",
        steps=(Step(b'"' + b"x" * (MIB_6 - 2) + b'"'),), alone=True),
    does("process.globals", "globals stay between invocations", """
        n.append(1)
        return len(n)
        """, "n = []", steps=(Step(), Step(), Step())),
    does("process.environ", "so do variables that the function sets", """
        before = os.environ.get('MINE')
        os.environ['MINE'] = '1'
        return before
        """, "import os", steps=(Step(), Step())),
    does("process.thread", "the handler runs in the main thread", """
        import threading
        return threading.current_thread() is threading.main_thread()
        """),
    does("process.background", "a thread goes on between invocations", """
        if event:
            threading.Thread(target=done.wait, daemon=True).start()
        else:
            done.set()
        return len([t for t in threading.enumerate() if t.daemon])
        """, """
        import threading
        done = threading.Event()
        """, steps=TWICE, alone=True),
    does("process.directory", "the working directory is the function's", """
        import os
        return os.path.realpath(os.getcwd()) == os.path.dirname(os.path.realpath(__file__))
        """),
    does("process.path", "its directory is on the import path", """
        import sys, os
        return os.path.dirname(os.path.realpath(__file__)) in [os.path.realpath(p) for p in sys.path]
        """),
    does("process.signals", "signals have Python's own handlers", """
        import signal
        return [str(signal.getsignal(s)) for s in (signal.SIGTERM, signal.SIGPIPE, signal.SIGUSR1)]
        """, places=PLACES, alone=True, each_place=True),
    does("process.argv", "the handler's name is the argument", """
        import sys
        return sys.argv[1:]
        """, places=PLACES, alone=True),
    does("process.main", "the module is not __main__", "return __name__", alone=True),
    does("process.recursion-limit", "the recursion limit is Python's", "import sys\nreturn sys.getrecursionlimit()"),
    does("process.variables", "the variables the process has", """
        import os
        return sorted(n for n in os.environ if n not in ('_', 'LC_CTYPE'))
        """, places=PLACES, alone=True, each_place=True),
    does("process.variable-values", "and their values", """
        import os
        ours = ('FUNCTION_NAME', 'FUNCTION_VERSION', 'FUNCTION_MEMORY_SIZE', 'LOG_GROUP_NAME')
        names = [f'AWS_LAMBDA_{n}' for n in ours] + ['AWS_REGION', 'AWS_DEFAULT_REGION', '_HANDLER', 'LANG', 'TZ']
        return [os.environ.get(n) for n in names]
        """),
    does("process.event-loop", "there is no running event loop", """
        import asyncio
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return 'none'
        """),
    does("process.asyncio-run", "asyncio.run works", """
        import asyncio
        async def f():
            await asyncio.sleep(0)
            return 'done'
        return asyncio.run(f())
        """),
    does("process.subprocess", "child processes can be started", """
        import subprocess
        return subprocess.run(['echo', 'x'], capture_output=True, text=True).stdout
        """),
    does("process.multiprocessing", "and forked", """
        import multiprocessing
        p = multiprocessing.get_context('fork').Process(target=print, args=('child',))
        p.start()
        p.join()
        return p.exitcode
        """, python=(3, 10)),
    does("process.stdin", "stdin is empty or closed", "import sys\nreturn sys.stdin.read() if sys.stdin else ''"),
)  # fmt: skip
