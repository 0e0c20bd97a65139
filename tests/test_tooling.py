"""What is written about the project holds for the project."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from gateway.config import explain

ROOT = Path(__file__).parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def read(name):
    """Give the text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def test_help_lists_every_target():
    """A target that make knows can be found by whoever types make."""
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    assert phony is not None

    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert phony[1].split() == [line.split()[1] for line in shown.splitlines() if line.startswith("  make")]


def test_changelog_knows_the_version():
    """No version goes out of which the changelog does not speak."""
    version = tomllib.loads(PYPROJECT)["project"]["version"]

    assert f"\n## [{version}] - 20" in read("CHANGELOG.md")


def test_readme_tells_the_settings_there_are():
    """The table in the README is the one that the settings themselves give."""
    table = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", read("README.md"), re.DOTALL)
    assert table is not None

    assert explain() == table[1]


def test_ci_runs_the_command_of_the_readme():
    """What the README calls the test command is what is run for every change."""
    run = ROOT / ".ci" / "run"

    assert "make test" in read("README.md")
    assert "\nmake test " in run.read_text(encoding="utf-8")
    assert os.access(run, os.X_OK)


@pytest.mark.parametrize("table", ["dependencies", "ignore", "test"])
def test_every_line_of_a_list_has_its_reason(table):
    """A dependency and an exception from a rule say beside them what they are for."""
    listed = re.search(rf"^{table} = \[\n(.*?)^\]", PYPROJECT, re.MULTILINE | re.DOTALL)
    assert listed is not None

    assert [] == [line for line in listed[1].splitlines() if not re.search(r"  # \w", line)]


def test_lock_file_names_versions_and_no_place():
    """The JavaScript packages come from whatever registry a machine is set to, checked by their hashes."""
    packages = json.loads(read("tests/sdk/package-lock.json"))["packages"]
    locked = {name: package for name, package in packages.items() if name}

    assert {"node_modules/postageapp", "node_modules/postmark", "node_modules/resend"} <= locked.keys()
    assert all("integrity" in package and "resolved" not in package for package in locked.values())
