"""Makes sure of what the browser tests need and pip can't bring.

As root on Debian it is installed; otherwise the command to run is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
    packages = missing()
    if not packages:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() or not shutil.which("apt-get"):
        sys.exit(f"The browser tests need: sudo {' '.join(install)}")

    print(f"Installing {' and '.join(packages)} …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet=2"], env=quiet, check=True)
    subprocess.run([*install, "--quiet=2"], env=quiet, check=True)


if __name__ == "__main__":
    main()
