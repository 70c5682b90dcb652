"""Makes sure of what the browser tests need and pip can't bring.

As root on Debian it is installed; otherwise the command to run is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"  # Quicker; not every Debian has it
FONTS = Path("/usr/share/fonts")


def missing() -> list[str]:
    """Return the Debian packages that aren't there."""
    packages = []
    if not shutil.which("chromium"):
        packages.append("chromium")
    if not any(FONTS.rglob("NotoSansCJK*")):
        packages.append("fonts-noto-cjk")
    return packages


def main() -> None:
    needed = missing()
    wanted = needed if shutil.which(SHELL) else [*needed, SHELL]
    if not wanted:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *wanted]
    if os.geteuid() or not shutil.which("apt-get"):
        if needed:
            sys.exit(f"The browser tests need: sudo {' '.join(install)}")
        return

    print(f"Installing {' and '.join(wanted)} …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = ["apt-get", "update", "--quiet=2"]
    for command in (update, [*install, "--quiet=2"]):
        subprocess.run(command, env=quiet, check=bool(needed))


if __name__ == "__main__":
    main()
