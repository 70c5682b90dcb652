import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_lines_carry_the_process_that_said_them(capsys):
    from console.printer import Printer

    printer = Printer()
    printer.say("web", "started")
    printer.show("Ready.")
    printer.close()

    assert capsys.readouterr().out == "web    | started\nReady.\n"


def test_a_reader_who_does_not_read_holds_nobody_up():
    """The pipe takes 64 KiB; we say ten times as much, and go on."""
    code = (
        "from console import printer\n"
        "printer.WAITING = 100\n"
        "p = printer.Printer()\n"
        "for n in range(10_000): p.say('web', f'{n:64}')\n"
        "p.close()\n"
        "import os; os._exit(7)"
    )
    reading, writing = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, stdout=writing, timeout=20
        )
    finally:
        os.close(writing)
        os.close(reading)
    assert done.returncode == 7


def test_a_reader_who_leaves_ends_nobody():
    code = (
        "import sys, time\n"
        "from console.printer import Printer\n"
        "p = Printer()\n"
        "sys.stdin.read()\n"
        "for n in range(100): p.say('web', str(n))\n"
        "p.close()\n"
        "sys.exit(7)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    process.stdin.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(20) == 7
