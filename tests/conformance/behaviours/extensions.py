"""The Extensions API as code inside the runtime process meets it: internal extensions, and how calls are refused.

AWS's emulator takes programs from /opt/extensions only, which a test must not write to, so external extensions are
the engine's own tests' (`tests/emulator/test_extension_programs.py`).
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from tests.conformance.case import PYTHON_312, Step, module

if TYPE_CHECKING:
    from tests.conformance.case import Case

PRELUDE = """
import http.client, json, os, signal, threading
def call(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
    headers = {'Lambda-Extension-' + name.replace('_', '-'): value for name, value in headers.items()}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer
EXTENSION = '/2020-01-01/extension'
def register(name, body='{"events": []}', **headers):
    return call('POST', EXTENSION + '/register', body, Name=name, **headers)
def identifier(name, body='{"events": []}'):
    return register(name, body).getheader('Lambda-Extension-Identifier')
def next_event(identifier):
    return call('GET', EXTENSION + '/event/next', Identifier=identifier)
def ready(identifier):
    threading.Thread(target=next_event, args=(identifier,), daemon=True).start()
def shown(answer, *hidden):
    text = answer.text
    for number, value in enumerate(hidden):
        text = text.replace(value, '<%d>' % number)
    return [answer.status, text]
"""


def extending(id: str, contract: str, source: str, **options: Any) -> Case:
    """A case about an internal extension, in a process of its own."""
    return module(f"extension.{id}", contract, f"{PRELUDE}\n{textwrap.dedent(source)}", **options)


def asks(id: str, contract: str, expression: str, before: str = "", **options: Any) -> Case:
    """A case whose calls are made during INIT and shown by the handler."""
    source = f"{textwrap.dedent(before)}\nSEEN = {expression}\ndef handler(event, context):\n    return SEEN\n"
    return extending(id, contract, source, **options)


CASES: tuple[Case, ...] = (
    asks("register", "registering tells about the function, once for each name", """[
        shown(ANSWER), len(ID), shown(register('mine')),
        *[shown(call('POST', EXTENSION + path, '{}', Identifier=ID)) for path in ('/init/error', '/exit/error')]
        ]""", """
        ANSWER = register('mine')
        ID = ANSWER.getheader('Lambda-Extension-Identifier')
        ready(ID)
        """),
    asks("account-id", "and about the account, if asked to", "sorted(json.loads(ANSWER.text))", """
        ANSWER = register('mine', Accept_Feature='other, accountId')
        ready(ANSWER.getheader('Lambda-Extension-Identifier'))
        """),
    asks("register-refused", "what is no registration", """[shown(answer) for answer in (
        register(''),
        register('mine', '{"events": ["FOO"]}'),
        register('mine', '{"events": ["INVOKE", "SHUTDOWN"]}'),
        register('mine', ''),
        register('mine', '{"events": [], "configurationKeys": ["a"]}'))]"""),
    asks("too-many", "the eleventh", "[register('e%d' % n).status for n in range(10, 12)]",
        "for n in range(10):\n    ready(identifier('e%d' % n))"),
    asks("identifier-refused", "calls of nobody", """[shown(answer) for answer in (
        call('GET', EXTENSION + '/event/next'),
        call('POST', EXTENSION + '/init/error', '{}'),
        call('POST', EXTENSION + '/exit/error', '{}'),
        next_event('nonsense'),
        next_event('12345678-1234-1234-1234-123456789012'))]"""),
    asks("paths", "unknown paths and methods", "[[a.status, a.getheader('Allow'), a.text] for a in ANSWERS]", """
        ANSWERS = [call('GET', EXTENSION + '/register'), call('POST', EXTENSION + '/event/next'),
            call('GET', EXTENSION + '/other')]
        """),
    extending("invoke", "an internal extension hears of every invocation", """
        EVENTS = []
        def listen(identifier):
            while True:
                answer = next_event(identifier)
                named = len(answer.getheader('Lambda-Extension-Event-Identifier')) == 36
                EVENTS.append((json.loads(answer.text), named, answer.getheader('Content-Type')))
                HEARD.set()
        HEARD = threading.Event()
        threading.Thread(target=listen, args=(identifier('mine', '{"events": ["INVOKE"]}'),), daemon=True).start()
        def handler(event, context):
            HEARD.wait(15)
            HEARD.clear()
            heard, named, kind = EVENTS[-1]
            return [heard['eventType'], heard['requestId'] == context.aws_request_id, named, kind,
                heard['invokedFunctionArn'] == context.invoked_function_arn, len(EVENTS),
                0 <= heard['deadlineMs'] - context._epoch_deadline_time_in_ms < 50
                if hasattr(context, '_epoch_deadline_time_in_ms') else True]
        """, steps=(Step(b"1"), Step(b"2"))),
    extending("waits", "an invocation ends when the extension asks for its next event", """
        NOTES = []
        def listen(identifier):
            while True:
                next_event(identifier)
                DONE.wait(15)
                DONE.clear()
                NOTES.append('extension')
        DONE = threading.Event()
        threading.Thread(target=listen, args=(identifier('mine', '{"events": ["INVOKE"]}'),), daemon=True).start()
        def handler(event, context):
            NOTES.append('handler')
            threading.Timer(0.2, DONE.set).start()
            return NOTES
        """, steps=(Step(b"1"), Step(b"2"))),
    extending("after-init", "after INIT no name is new; after an error there is no next event", """
        ID = identifier('mine')
        ready(ID)
        def fail(kind):
            path = EXTENSION + '/' + kind + '/error'
            return shown(call('POST', path, '{}', Identifier=ID, Function_Error_Type='Extension.Mine'), ID)
        def handler(event, context):
            return [shown(register('late')), fail('init'), fail('exit'), fail('exit'), shown(next_event(ID), ID)]
        """),
    extending("sigterm", "with an extension the end is announced by SIGTERM", """
        def on_sigterm(*_):
            os.write(1, b'terminating\\n')
            os._exit(0)
        signal.signal(signal.SIGTERM, on_sigterm)
        ready(identifier('mine'))
        def handler(event, context):
            return 1
        """, looks_at=("log",), setting=PYTHON_312),
    asks("telemetry", "telemetry and logs can be subscribed to", "[shown(answer) for answer in ANSWERS]", """
        def subscribe(path, name, schema):
            body = {'schemaVersion': schema, 'types': ['platform'],
                'destination': {'protocol': 'HTTP', 'URI': 'http://sandbox.localdomain:4243'}}
            own = identifier(name)
            answer = call('PUT', path, json.dumps(body), Identifier=own)
            ready(own)
            return answer
        ANSWERS = [subscribe('/2022-07-01/telemetry', 'new', '2022-12-13'),
            subscribe('/2020-08-15/logs', 'old', '2021-03-18')]
        """),
)  # fmt: skip
