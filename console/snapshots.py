"""Backups: the database, the pictures and what is needed to read them, in one file.

manifest.json      what this is, of which version, made when
database.sqlite3   or database.dump, as pg_dump -Fc writes it
media/…
keys/…             only when asked for: with them a thief reads everything
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import tomllib
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

FORMAT = 1
KEYS = ("secret_key", "secrets_key")
SQLITE, POSTGRESQL = "database.sqlite3", "database.dump"


class SnapshotError(Exception):
    """A backup can't be made or used; the message says why, to the person."""


@dataclass(frozen=True)
class Manifest:
    version: str
    made_at: datetime
    database: str  # the file's name in the backup
    sha256: str  # of that file
    migrations: list[str]
    keys: bool  # whether they are in it

    def to_json(self) -> str:
        return json.dumps(
            {**vars(self), "format": FORMAT, "made_at": self.made_at.isoformat()},
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Raises SnapshotError when it isn't ours, or from a later format."""
        try:
            told: dict[str, Any] = json.loads(text)
            if told.pop("format") != FORMAT:
                raise SnapshotError("The backup was made by a newer version of Kefu.")
            told["made_at"] = datetime.fromisoformat(told["made_at"])
            return cls(**told)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise SnapshotError("This is not a backup of Kefu.") from exc


def database_name() -> str:
    return SQLITE if connection.vendor == "sqlite" else POSTGRESQL


def version() -> str:
    """Return the version of the code that runs."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def save(target: Path, *, with_keys: bool) -> None:
    """Write a backup. Everything may be running meanwhile.

    The database comes first: a picture is stored before the row that names it, so each
    row in the copy finds its picture.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        database = Path(folder) / database_name()
        dump(database)
        manifest = Manifest(
            version=version(),
            made_at=timezone.now(),
            database=database.name,
            sha256=_sha256(database),
            migrations=sorted(
                ".".join(key)
                for key in MigrationRecorder(connection).applied_migrations()
            ),
            keys=with_keys,
        )
        (Path(folder) / "manifest.json").write_text(manifest.to_json())
        packed = Path(folder) / "packed"
        with tarfile.open(packed, "w:gz") as archive:
            archive.add(Path(folder) / "manifest.json", "manifest.json")
            archive.add(database, database.name)
            if Path(settings.MEDIA_ROOT).is_dir():
                archive.add(settings.MEDIA_ROOT, "media")
            for name in KEYS if with_keys else ():
                if (settings.VAR_DIR / name).exists():
                    archive.add(settings.VAR_DIR / name, f"keys/{name}")
        packed.chmod(0o600)
        os.replace(packed, target)


def dump(target: Path) -> None:
    """Copy the database as it is at one moment.

    SQLite copies it in one step: a copy in several would start again at each write, and
    never end on a busy day.
    """
    if connection.vendor == "sqlite":
        connection.close()
        source = settings.DATABASES["default"]["NAME"]
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
        check_integrity(target)
    else:
        _postgresql("pg_dump", "--format=custom", "--no-owner", f"--file={target}")
    target.chmod(0o600)


def check_integrity(database: Path) -> None:
    with closing(sqlite3.connect(database)) as copy:
        try:
            said = copy.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as exc:
            said = str(exc)
    if said != "ok":
        raise SnapshotError(f"The database's copy is damaged: {said}")


def unpack(source: Path, folder: Path) -> Manifest:
    """Unpack a backup into an empty folder, and vouch for its database.

    Only plain files under the names we write are taken: no links, no other places.
    """
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                if member.isfile() and _is_ours(member.name):
                    target = folder / member.name
                    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    packed = archive.extractfile(member)
                    with packed, target.open("xb") as file:  # type: ignore[union-attr]
                        shutil.copyfileobj(packed, file)  # type: ignore[arg-type]
                    target.chmod(0o600)
        manifest = Manifest.from_json((folder / "manifest.json").read_text())
    except (tarfile.TarError, EOFError, OSError) as exc:
        raise SnapshotError(f"{source} can't be read as a backup: {exc}") from exc

    if manifest.database != database_name():
        raise SnapshotError(
            f"The backup holds {manifest.database}, and DATABASE_URL names "
            f"{connection.display_name}. Restore it on the same kind of database."
        )
    database = folder / manifest.database
    if not database.is_file() or _sha256(database) != manifest.sha256:
        raise SnapshotError("The backup is damaged: its database isn't what was saved.")
    if manifest.database == SQLITE:
        check_integrity(database)
    return manifest


def _is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return False
    single = {"manifest.json", SQLITE, POSTGRESQL, *(f"keys/{key}" for key in KEYS)}
    return name in single or path.parts[0] == "media"


def install(folder: Path) -> list[Path]:
    """Put an unpacked backup in place. Returns what it moved aside.

    Nothing of the old installation is deleted, except in PostgreSQL, which has no aside.
    """
    stamp = timezone.now().strftime("%Y%m%d-%H%M%S")
    moved = []

    def aside(path: Path) -> None:
        if path.exists() and not path.stat().st_size:
            path.unlink()  # Made just now, by looking whether there are tables
        elif path.exists():
            moved.append(path.rename(path.with_name(f"{path.name}.before-{stamp}")))

    if connection.vendor == "sqlite":
        connection.close()
        database = Path(settings.DATABASES["default"]["NAME"])
        for path in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
            aside(path)
        shutil.move(folder / SQLITE, database)
    else:
        _postgresql(
            *("pg_restore", "--clean", "--if-exists", "--no-owner"),
            *(
                "--single-transaction",
                f"--dbname={settings.DATABASES['default']['NAME']}",
            ),
            str(folder / POSTGRESQL),
        )
    aside(Path(settings.MEDIA_ROOT))
    if (folder / "media").is_dir():
        shutil.move(folder / "media", settings.MEDIA_ROOT)
    for name in KEYS:
        if (folder / "keys" / name).exists():
            aside(settings.VAR_DIR / name)
            shutil.move(folder / "keys" / name, settings.VAR_DIR / name)
    return moved


def _postgresql(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on our database."""
    if not shutil.which(program):
        raise SnapshotError(
            f"{program} is missing: apt install postgresql-client, at least as new as "
            "the server."
        )
    database = settings.DATABASES["default"]
    environment = {
        **os.environ,
        "PGDATABASE": database["NAME"],
        "PGHOST": database["HOST"],
        "PGPORT": database["PORT"],
        "PGUSER": database["USER"],
        "PGPASSWORD": database["PASSWORD"],
        "PGSSLMODE": database["OPTIONS"].get("sslmode", ""),
        "PGSSLROOTCERT": database["OPTIONS"].get("sslrootcert", ""),
    }
    done = subprocess.run(
        [program, *arguments],
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SnapshotError(f"{program} failed: {done.stderr.strip()}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
