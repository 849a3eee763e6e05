"""Explanations of errors from Python and pip."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..wording import tr

# Patterns in the output and their meaning. The first match counts, because later errors are consequences.
MEANINGS = (
    (
        r"No space left on device|Errno 28|not enough space|WinError 112",
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The disk is full. Make room, or choose a folder on another disk.",
        ),
    ),
    (
        r"ensurepip is not available|No module named '?(?:venv|ensurepip|pip)\b",
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "This Python cannot create environments. Install python3-venv on Debian and Ubuntu, or "
            "choose another Python.",
        ),
    ),
    (
        r"command not found|not recognized as|Python was not found",
        QT_TRANSLATE_NOOP("MapRefiner", "This is not a working Python. Choose another one."),
    ),
    (
        r"needs Python 3\.10",
        QT_TRANSLATE_NOOP("MapRefiner", "This Python is too old: 3.10 or newer is needed. Choose another Python."),
    ),
    (
        r"ProxyError|Tunnel connection failed|407 Proxy|Missing dependencies for SOCKS",
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The proxy refused the connection. Check Settings > Options > Network, or install from a folder of wheels.",
        ),
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The network presents a certificate that Python does not trust, as inspecting proxies do. "
            "Ask your network administrator, or install from a folder of wheels.",
        ),
    ),
    (
        r"NewConnectionError|NameResolutionError|name resolution|getaddrinfo|Network is unreachable"
        r"|ConnectTimeout|ReadTimeout|Read timed out|Connection (?:refused|reset|aborted)|RemoteDisconnected",
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The network is not reachable. Try again, set the proxy in Settings > Options > Network, or "
            "install from a folder of wheels.",
        ),
    ),
    (
        r"HTTP error (?:403|451)|403 Client Error",
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The network blocks the download. Ask your network administrator, or install from a folder of wheels.",
        ),
    ),
    (
        r"Permission denied|Errno 13|WinError 5\b|Access is denied",
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The folder is not writable, or a file in it is in use. Choose another folder."
        ),
    ),
)
_NO_WHEEL = re.compile(r"(?:No matching distribution found for|satisfies the requirement) ([\w.-]+)")
_IN_URL = re.compile(r"(?<=://)[^/\s@]+@")  # user name and password


def explain(lines: Sequence[str]) -> str:
    """Summarize the last lines of the output in one sentence."""
    text = "\n".join(lines)
    for pattern, sentence in MEANINGS:
        if re.search(pattern, text):
            return tr(sentence)
    missing = _NO_WHEEL.search(text)
    if missing:
        return tr(
            "pip found no build of {} for this Python and this system. Choose another Python (3.10 to "
            "3.13 have all), or another folder of wheels."
        ).format(missing.group(1))
    last = next((line for line in reversed(lines) if line.strip()), "")
    return tr("The environment could not be created. {}").format(last).strip()


def scrubbed(line: str) -> str:
    """Return a line without user names and passwords in its URLs."""
    return _IN_URL.sub("***@", line)
