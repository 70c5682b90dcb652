"""A console's Django that stays up, so that a test's few lines need no process of their own.

    python -m tests.processes.resident_shell

Takes programs from its input, one JSON string a line, and answers each with a line
{"printed": …, "error": …}: what it printed, and the traceback that ended it, if any.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback

import django


def main() -> None:
    # What is logged goes to the errors, and not between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    for line in sys.stdin:
        printed = io.StringIO()
        error = ""
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(json.loads(line), "<test>", "exec"), {})  # noqa: S102
            except BaseException:
                error = traceback.format_exc()
            _let_go()
        answer = {"printed": printed.getvalue(), "error": error}
        print(json.dumps(answer), file=answers, flush=True)


def _let_go() -> None:
    """Keep no connection: a test may copy the file or have the server go away."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


if __name__ == "__main__":
    main()
