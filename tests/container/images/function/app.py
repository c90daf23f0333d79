"""The function in the images under test: it does what its event says, and tells what it sees."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import time
import zoneinfo
from datetime import datetime, timezone
from pathlib import Path

import greeting


def handler(event, context):
    """Do what `event` says."""
    return {"what": event} if not isinstance(event, dict) else DOINGS[event["do"]](event)


def see(event):
    """Who and where the function is."""
    return {
        "greeting": greeting.of("world"),
        "user": [os.getuid(), os.getgid(), os.getgroups()],
        "directory": os.getcwd(),
        "python": sys.executable,
        "code": __file__,
        "byte_code": __cached__ is not None and Path(__cached__).is_file(),
        "certificates": ssl.create_default_context().cert_store_stats()["x509_ca"],
        "berlin": datetime(2026, 7, 1, 12, tzinfo=timezone.utc).astimezone(zoneinfo.ZoneInfo("Europe/Berlin")).hour,
        "first_process": Path("/proc/1/cmdline").read_bytes().decode().split("\0"),
        "environment": dict(os.environ),
    }


def write(event):
    """Which of the places can be written to."""
    return [place for place in event["places"] if _is_writable(Path(place))]


def _is_writable(place):
    try:
        (place / "probe").write_text("x")
    except OSError:
        return False
    return True


def meet(event):
    """Return once so many are here at the same time."""
    folder = Path("/tmp/meeting")
    folder.mkdir(exist_ok=True)
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < event["callers"]:
        time.sleep(0.01)
    return os.getpid()


def orphan(event):
    """Leave a process behind that has ended, and whose parent has too; then tell of the zombies there are."""
    script = "import os; os.fork() or os.fork() or os._exit(0)"
    subprocess.run([sys.executable, "-c", script], check=True, start_new_session=True)
    deadline = time.monotonic() + 10
    while _zombies() and time.monotonic() < deadline:
        time.sleep(0.01)
    return _zombies()


def _zombies():
    stats = [file.read_text() for file in Path("/proc").glob("[0-9]*/stat")]
    return [stat for stat in stats if stat.rpartition(")")[2].split()[0] == "Z"]


DOINGS = {
    "see": see,
    "write": write,
    "meet": meet,
    "orphan": orphan,
    "sleep": lambda event: time.sleep(event["seconds"]),
    "exit": lambda event: os._exit(event["status"]),
    "length": lambda event: len(event["text"]),
    "repeat": lambda event: "x" * event["times"],
}
