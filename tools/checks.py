"""Everything `make check` looks at, all of it, whatever fails first."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# As on a real machine, so that `check --deploy` sees what it would see there.
PRODUCTION = {"PUBLIC_URL": "https://kf.example.com", "DEBUG": "0"}
DEPLOY = ["check", "--deploy", "--fail-level", "WARNING"]


def checks() -> dict[str, list[str]]:
    """Return {what: command}, in the order of a reader's impatience."""
    python = sys.executable
    bin_dir = Path(python).parent
    manage = [python, "manage.py"]
    return {
        "style": [python, "-m", "ruff", "check", "--quiet", "."],
        "format": [python, "-m", "ruff", "format", "--check", "--quiet", "."],
        "layers": [str(bin_dir / "lint-imports")],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "deployment": [*manage, *DEPLOY],
        "templates": [python, "-m", "tools.templates"],
        "translations": [python, "-m", "tools.translations", "check"],
        "types": [python, "-m", "mypy"],
    }


def main() -> None:
    failed = []
    with tempfile.TemporaryDirectory(prefix="kefu-check-") as var_dir:
        environment = {**os.environ, **PRODUCTION, "VAR_DIR": var_dir}
        for name, command in checks().items():
            began = time.monotonic()
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            verdict = "FAILED" if done.returncode else "ok"
            print(
                f"{name:13} {verdict:7} {time.monotonic() - began:5.1f} s", flush=True
            )
            if done.returncode:
                failed.append(name)
                print(f"\n{done.stdout}{done.stderr}", flush=True)
    if failed:
        sys.exit(f"make check: {', '.join(failed)} failed.")


if __name__ == "__main__":
    main()
