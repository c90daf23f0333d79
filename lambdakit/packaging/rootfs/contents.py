"""What the minimal image is made of: tables, and nothing else.

All of it is taken from the base where the base has it. What is left out of the standard library needs a terminal, a
display or a package index, or is tests. Libraries are those that wheels may count on beside the C library (PEP 599 and
PEP 600, the allowed libraries that need no display), and those that the C library itself loads by name.
"""

from __future__ import annotations

import re

__all__ = (
    "CERTIFICATES",
    "CERTIFICATES_PLACE",
    "CERTIFICATE_PACKAGES",
    "CONFIGURATION",
    "EXTENSIONS_LEFT_OUT",
    "GROUP",
    "LIBRARIES",
    "MODULES_LEFT_OUT",
    "PASSWD",
    "SYSTEM_FILES",
    "USER_ID",
    "ZONES",
    "ZONES_LEFT_OUT",
)

# The platform's unprivileged user, by its own numbers.
USER_ID, GROUP_ID, USER_NAME = 993, 990, "sbx_user1051"
PASSWD = f"{USER_NAME}:x:{USER_ID}:{GROUP_ID}::/home/{USER_NAME}:/sbin/nologin\n"
GROUP = f"{USER_NAME}:x:{GROUP_ID}:\n"

MODULES_LEFT_OUT = frozenset(
    {
        *("__pycache__", "dist-packages", "site-packages", "test", "tests", "ensurepip", "idlelib", "lib2to3"),
        *("pydoc_data", "tkinter", "turtle.py", "turtledemo", "venv", "curses"),
    }
)
EXTENSIONS_LEFT_OUT = re.compile(
    r"(_curses|_curses_panel|_dbm|_gdbm|_test\w*|_ctypes_test|_tkinter|_xx\w+|nis|ossaudiodev|readline|xx\w+)\."
)
# The directory of a build's configuration, with the interpreter as a static library.
CONFIGURATION = re.compile(r"config-3\.\d+")

LIBRARIES = (
    *("libstdc++.so.6", "libgcc_s.so.1", "libz.so.1", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0"),
    *("libutil.so.1", "libresolv.so.2", "libnss_dns.so.2", "libnss_files.so.2"),
)
SYSTEM_FILES = (
    *("/etc/ld.so.cache", "/etc/os-release", "/etc/protocols", "/etc/services", "/etc/nsswitch.conf"),
    *("/etc/mime.types", "/usr/lib/locale/C.utf8", "/etc/python3"),
)
CERTIFICATES_PLACE = "/etc/ssl/certs/ca-certificates.crt"
CERTIFICATES = (CERTIFICATES_PLACE, "/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt")
# Packages whose files are put together when they are installed, so that no package owns them.
CERTIFICATE_PACKAGES = frozenset({"ca-certificates", "ca-certificates-bundle"})
ZONES = "/usr/share/zoneinfo"
ZONES_LEFT_OUT = frozenset({"posix", "right", "posixrules", "localtime"})
