"""What may not stand in a log is struck out of it, whoever wrote the line."""

from __future__ import annotations

import logging
import re

_SECRETS = re.compile(
    r"(?i)((?:access_token|appsecret|secret|signature|msg_signature|token|password)"
    r"[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;)]+"
)
# PostgreSQL quotes the row it refuses, and with it what a customer wrote.
_ROWS = re.compile(r"DETAIL:.*?(?=\n\S|\Z)", re.DOTALL)
# Such a link is a sign-in until it is used, and Django logs the path of what it refuses.
_LINKS = re.compile(r"(/set-password/)[^\s\"']+")
_OPENIDS = re.compile(r"(?<![\w-])o[\w-]{27}(?![\w-])", re.ASCII)  # May end in a -


class Redact(logging.Filter):
    """A second net: the first is not to log such things at all."""

    def filter(self, record: logging.LogRecord) -> bool:
        # One line, whoever's words are in it: none may look like another record.
        record.msg = redacted(record.getMessage()).replace("\n", "\\n")
        record.args = ()
        if getattr(record, "status_code", 0) == 400 or _is_foreign_host(record):
            record.exc_info = None  # What a stranger sent wrong is one line's worth
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        return True


def _is_foreign_host(record: logging.LogRecord) -> bool:
    return record.name == "django.security.DisallowedHost"


def redacted(line: str) -> str:
    """Return the line without secrets, links and openids, its control characters escaped."""
    line = _SECRETS.sub(r"\1***", line)
    line = _LINKS.sub(r"\1***", line)
    line = _OPENIDS.sub("o***", line)
    line = _ROWS.sub("DETAIL: ***", line)
    return line.replace("\r", "\\r").replace("\x1b", "\\x1b").replace("\x00", "\\x00")
