"""Where the embedded broker listens.

Pure standard library: the settings import this module before Django is ready.
"""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

LONGEST_PATH = 100  # bytes; the kernel allows 107, and Valkey dies at start beyond it
SOCKET_NAME = "valkey.sock"


def socket_path(var_dir: Path) -> Path:
    """Return the absolute path of the broker's Unix socket for one VAR_DIR.

    A Unix socket's path has to fit into 107 bytes. When VAR_DIR lies too deep for that,
    the socket moves to a private folder in the temporary directory, named after the
    user and VAR_DIR, so that every process with the same VAR_DIR finds the same one.

    Raises PermissionError when that folder exists and isn't ours alone.
    """
    var_dir = Path(os.path.abspath(var_dir))
    beside_the_data = var_dir / SOCKET_NAME
    if len(os.fsencode(beside_the_data)) <= LONGEST_PATH:
        return beside_the_data
    return _private_folder(var_dir) / SOCKET_NAME


def _private_folder(var_dir: Path) -> Path:
    """Make, or find, the folder only this user may enter."""
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"kefu-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)

    # Anybody may make a folder of this name before us, or a link to one of theirs.
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
    if not private or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not a private folder of this user.")
    return folder
