import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]

# The first release without a known hole that concerns us, and which hole that is.
FLOORS = {
    "autobahn": "26.10.1",  # CVE-2026-77528, CVE-2026-116579
    "channels": "4.3",
    "daphne": "4.2.2",  # CVE-2026-44545, CVE-2026-44546
    "django": "5.2.17",  # CVE-2026-15307, CVE-2026-15920
    "websockets": "5",
}


def pinned(file):
    """Return {name: requirement} of what a requirements file pins."""
    lines = (ROOT / file).read_text().splitlines()
    texts = [re.split(r"\s+#", line)[0].strip() for line in lines]
    requirements = [Requirement(text) for text in texts if text[:1].isalpha()]
    return {canonicalize_name(each.name): each for each in requirements}


RUNS = pinned("requirements.txt")
CHECKS = pinned("requirements-dev.txt")


@pytest.mark.parametrize("name", sorted(RUNS | CHECKS))
def test_every_version_is_pinned_with_what_it_needs(name):
    requirement = (RUNS | CHECKS)[name]
    assert re.fullmatch(r"==[\w.]+", str(requirement.specifier))
    if requirement.marker and not requirement.marker.evaluate():
        return

    here = RUNS if name in RUNS else RUNS | CHECKS
    for text in distribution(name).requires or []:
        needed = Requirement(text)
        extras = requirement.extras or {""}
        if not needed.marker or any(
            needed.marker.evaluate({"extra": extra}) for extra in extras
        ):
            assert canonicalize_name(needed.name) in here, f"{name} needs {text}"


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_nothing_with_a_known_hole_is_pinned(name, floor):
    (pin,) = (RUNS | CHECKS)[name].specifier
    assert Version(pin.version) >= Version(floor)


def test_no_package_index_is_written_down():
    for file in ("requirements.txt", "requirements-dev.txt", "Makefile"):
        text = (ROOT / file).read_text()
        assert "://" not in text
        assert "--index" not in text
