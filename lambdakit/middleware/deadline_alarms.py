"""What raises DeadlineError in running code at a moment: by a signal in the main thread, by the interpreter in others.

    alarm = alarm_for(frame_code)         SignalAlarm in the main thread, else ThreadAlarm
    alarm.start(seconds); ...; alarm.stop()

An alarm goes off at most once, and after `stop` never: a signal's handler is told which code it interrupts, so it
leaves alone the code that has already got its result; a thread's alarm is ended, and what it may have sent is taken
back. A signal also ends what waits in the kernel (a socket, a lock, sleep); in other threads code is reached when it
next runs Python, since nothing can interrupt a system call there.

Nested alarms go off innermost or outermost, whichever is due first. Handler and timer of SIGALRM are put back as they
were found, the timer less the time gone by.
"""

from __future__ import annotations

from lambdakit.exceptions import DeadlineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("alarm_for",)

# When a signal meets code it must not interrupt, it comes again after so many seconds.
_AGAIN = 0.001
# The shortest a timer can be set to; 0 would disarm it.
_AT_ONCE = 0.000_001


def alarm_for(code: Any) -> Any:
    """An alarm for this thread. `code` is the code that starts it and is not to be interrupted itself."""
    import signal
    import threading

    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return SignalAlarm(code)
    return ThreadAlarm()


class SignalAlarm:
    """An alarm in the main thread, by SIGALRM."""

    def __init__(self, code: Any) -> None:
        self.error = DeadlineError("the time for the handler is over")
        self._code = code
        self._running = False
        self._stopped = False

    def start(self, seconds: float) -> None:
        """Set the alarm; one that is due earlier stays as it is, and this one never goes off."""
        import signal
        from time import monotonic

        self._begun = monotonic()
        self._left, self._interval = signal.setitimer(signal.ITIMER_REAL, 0)
        if self._left and self._left <= seconds:
            self._stopped = True
            signal.setitimer(signal.ITIMER_REAL, self._left, self._interval)
            return
        self._found = signal.signal(signal.SIGALRM, self._go_off)
        self._running = True
        signal.setitimer(signal.ITIMER_REAL, max(seconds, _AT_ONCE))

    def _go_off(self, _number: int, frame: Any) -> None:
        if not self._running:
            return
        if frame is not None and frame.f_code is self._code:
            import signal

            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
            return
        self._running = False
        raise self.error

    def stop(self) -> None:
        """End the alarm and put back what was found."""
        self._running = False
        if self._stopped:
            return
        self._stopped = True
        import signal
        from time import monotonic

        signal.setitimer(signal.ITIMER_REAL, 0)
        # None: a handler that was not set by Python, which cannot be put back by it either.
        signal.signal(signal.SIGALRM, signal.SIG_DFL if self._found is None else self._found)
        if self._left:
            left = self._left - (monotonic() - self._begun)
            signal.setitimer(signal.ITIMER_REAL, max(left, _AT_ONCE), self._interval)

    def caused(self, error: BaseException) -> bool:
        """Whether this alarm raised the error."""
        return error is self.error


class ThreadAlarm:
    """An alarm in another thread, by an exception that the interpreter raises there."""

    def __init__(self) -> None:
        from threading import get_ident

        # A class of its own tells this alarm's error from any other's; the interpreter makes the instance.
        self._kind: Any = type("DeadlineError", (DeadlineError,), {"__module__": __name__, "__str__": _said})
        self._thread = get_ident()

    def start(self, seconds: float) -> None:
        """Set the alarm."""
        from threading import Timer

        self._timer = Timer(max(seconds, 0), self._go_off)
        self._timer.daemon = True
        self._timer.start()

    def _go_off(self) -> None:
        _raise_in(self._thread, self._kind)

    def stop(self) -> None:
        """End the alarm. May be met by its error on the way, and is then to be called again."""
        self._timer.cancel()
        self._timer.join()
        _raise_in(self._thread, None)

    def caused(self, error: BaseException) -> bool:
        """Whether this alarm raised the error."""
        return isinstance(error, self._kind)


def _said(_error: DeadlineError) -> str:
    return "the time for the handler is over"


def _raise_in(thread: int, kind: Any) -> None:
    """Have the interpreter raise an exception in a thread as soon as it runs Python there; None takes one back."""
    import ctypes

    exception = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), exception)
