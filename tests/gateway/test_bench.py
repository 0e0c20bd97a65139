"""The benchmark measures what it says; its figures are for people, and none is asserted here."""

import os
import re
import subprocess
import sys

import pytest


def run(*words, tmp_path, wrk=True):
    """Run a benchmark in a folder of its own, with or without wrk on the path."""
    path = {} if wrk else {"PATH": str(tmp_path)}
    command = [sys.executable, "-m", "gateway", "bench", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment() | path
    )
    assert 0 == done.returncode, done.stderr[-2000:]
    return done.stdout


def environment():
    """Ours, without settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BABELPOST_")}


@pytest.mark.fault
@pytest.mark.parametrize("what", ["accept", "batch"])
def test_ratio_to_the_echo_is_told(what, tmp_path):
    """Each figure stands beside the echo of the same run."""
    told = run(what, "--seconds", "1", "--rounds", "1", "--connections", "4", tmp_path=tmp_path, wrk=False)
    assert re.search(r"SQLite, one process, 4 connections, 1 rounds of 1 s, fsync [\d.]+ ms, load by", told)
    assert re.search(r"^echo +[\d,]+ +1\.00 ", told, re.MULTILINE)
    assert re.search(rf"^{what} +[\d,]+ +\d+\.\d\d ", told, re.MULTILINE)


@pytest.mark.fault
def test_delivery_is_counted_at_the_sink(tmp_path):
    """From acceptance to the last 250."""
    told = run("deliver", "--messages", "200", "--seconds", "1", "--connections", "4", tmp_path=tmp_path)
    assert re.search(
        r"^deliver +[\d,]+ messages/s, accepted to 250 received; ratio \d+\.\d\d", told, re.MULTILINE
    )


@pytest.mark.fault
def test_soak_tells_memory_as_messages_pass(tmp_path):
    """Ten looks, then the peak."""
    told = run("soak", "--messages", "200", "--connections", "4", tmp_path=tmp_path)
    assert 10 == len(re.findall(r"^ +[\d,]+ +\d+$", told, re.MULTILINE))
    assert re.search(r"^ +peak +\d+$", told, re.MULTILINE)
