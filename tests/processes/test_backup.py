"""A backup made while people work, and what a copy restored from it may do."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tarfile
import threading

import psycopg
import pytest

from tests.processes.driver import ROOT, Console
from tools import postgresql

pytestmark = pytest.mark.processes

TWO_ON_THE_WAY = """
from conversations.models import Delivery
for delivery, state in zip(Delivery.objects.order_by("pk"), ["queued", "sending"]):
    Delivery.objects.filter(pk=delivery.pk).update(state=state, settled_at=None)
"""
STATES = """
from conversations.models import Delivery
print(*Delivery.objects.order_by("pk").values_list("state", flat=True)[:3])
"""
HELD = "from conversations import sending; print(sending.is_held())"
SECRET = """
from conversations.models import MiniProgram
print(MiniProgram.objects.get().app_secret)
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def environments(request):
    """What two consoles need in their environment, each for a database of its own."""
    if request.param == "sqlite":
        yield {}, {}
        return
    try:
        programs = postgresql.installed() / "bin"
    except FileNotFoundError as exc:
        pytest.fail(str(exc))
    with postgresql.running() as url:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("CREATE DATABASE one")
            server.execute("CREATE DATABASE two")
        path = {"PATH": f"{programs}:{os.environ['PATH']}"}
        yield tuple(
            {**path, "DATABASE_URL": url.replace("/postgres?", f"/{name}?")}
            for name in ("one", "two")
        )


@pytest.fixture(scope="module")
def shop(environments, tmp_path_factory):
    """The demo's shop, with one message queued and one on its way to WeChat."""
    with Console(tmp_path_factory.mktemp("shop"), environments[0]) as console:
        console.manage("migrate", "--verbosity", "0")
        console.manage("demo")
        console.shell(TWO_ON_THE_WAY)
        (console.var_dir / "media" / "pictures").mkdir(parents=True)
        (console.var_dir / "media" / "pictures" / "猫.png").write_bytes(b"cat")
        yield console


@pytest.fixture(scope="module")
def backup(shop):
    file = shop.short / "backup.tar.gz"
    with people_working(shop):
        shop.manage("backup", str(file))
    return file


@pytest.fixture(scope="module")
def copy(environments, backup, tmp_path_factory):
    """Another machine, where the backup was restored."""
    with Console(tmp_path_factory.mktemp("copy"), environments[1]) as console:
        console.said_at_restore = console.manage("restore", str(backup))
        yield console


@contextlib.contextmanager
def people_working(console):
    """Write to SQLite as fast as it goes."""
    stop = threading.Event()

    def work():
        with contextlib.closing(
            sqlite3.connect(console.var_dir / "kefu.sqlite3", timeout=10)
        ) as database:
            for number in range(1_000_000):
                if stop.is_set():
                    return
                database.execute(
                    "INSERT INTO conversations_processheartbeat VALUES (?, ?)",
                    (f"work {number}", "2026-01-01"),
                )
                database.commit()

    if "DATABASE_URL" in console.environment:
        yield
        return
    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def secret(console):
    # By a process of its own: one that runs has read its key already.
    return console.manage("shell", "--no-imports", "--command", SECRET)


def refusal(console, *arguments):
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=console.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout
    return done.stderr


def test_a_backup_is_for_its_owner_and_holds_no_keys(shop, backup):
    assert backup.stat().st_mode & 0o077 == 0
    with tarfile.open(backup) as archive:
        names = archive.getnames()
    assert "manifest.json" in names
    assert "media/pictures/猫.png" in names
    assert not [name for name in names if "key" in name or "simulator" in name]


def test_a_copy_has_everything(shop, copy):
    count = "from conversations.models import Message; print(Message.objects.count())"

    assert copy.shell(count) == shop.shell(count) != "0\n"
    picture = copy.var_dir / "media" / "pictures" / "猫.png"
    assert picture.read_bytes() == b"cat"


def test_a_copy_sends_nothing_until_a_person_says_so(copy):
    assert "Nothing is sent until you run: manage.py release_outbox" in (
        copy.said_at_restore
    )
    assert copy.shell(HELD) == "True\n"


def test_what_was_on_its_way_may_have_arrived(shop, copy):
    assert shop.shell(STATES) == "queued sending sent\n"
    assert copy.shell(STATES) == "queued unconfirmed sent\n"


def test_without_its_key_a_copy_asks_for_the_secrets_again(copy, backup):
    assert secret(copy) == "\n"
    assert "encrypted with another key" in copy.said("manage")


def test_a_backup_with_keys_brings_the_secrets(shop, copy):
    file = shop.short / "with-keys.tar.gz"
    shop.manage("backup", "--with-keys", str(file))

    copy.manage("restore", "--force", str(file))

    assert secret(copy) == secret(shop) != "\n"


def test_data_is_not_replaced_unasked(shop, backup):
    assert "There is data here already" in refusal(shop, "restore", str(backup))


def test_a_damaged_backup_is_refused_and_changes_nothing(copy, backup, tmp_path):
    before = copy.shell(STATES)
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(content)

    said = refusal(copy, "restore", "--force", str(damaged))

    assert "Traceback" not in said
    assert copy.shell(STATES) == before


def test_a_stranger_file_is_refused(copy, tmp_path):
    stranger = tmp_path / "stranger.tar.gz"
    with tarfile.open(stranger, "w:gz") as archive:
        archive.add(__file__, "../../evil.py")
        archive.add(__file__, "manifest.json")

    said = refusal(copy, "restore", "--force", str(stranger))

    assert "not a backup of Kefu" in said
