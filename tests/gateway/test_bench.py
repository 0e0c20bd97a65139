"""The benchmark measures what it says; its figures are for people, and none is asserted here."""

import os
import re
import subprocess
import sys

import pytest

from gateway.bench import postfix


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
    """From acceptance to the last 250, without a signature, with one, and by Postfix where that can be had."""
    told = run("deliver", "--messages", "200", "--seconds", "1", "--connections", "4", tmp_path=tmp_path)
    for name in ("deliver", "signed"):
        assert re.search(
            rf"^{name} +[\d,]+ messages/s, accepted to 250 received; ratio \d+\.\d\d; CPU \d+",
            told,
            re.MULTILINE,
        )
    if postfix.missing():
        assert f"postfix    left out: {postfix.missing()}" in told
    else:
        assert re.search(r"^postfix +[\d,]+ messages/s, smtp-source to 250 received", told, re.MULTILINE)
        assert re.search(r"^ +signed mail of ours at \d+\.\d times its rate$", told, re.MULTILINE)


@pytest.mark.fault
def test_memory_is_told_while_a_queue_drains(tmp_path):
    """Ten looks at a server that finds its queue full, then the peak and the rate."""
    told = run("deliver", "--queued", "300", "--connections", "4", tmp_path=tmp_path)
    assert 10 == len(re.findall(r"^ +[\d,]+ +\d+$", told, re.MULTILINE))
    assert re.search(r"^ +peak +\d+$", told, re.MULTILINE)
    assert re.search(r"^[\d,]+ messages/s of those that waited$", told, re.MULTILINE)


@pytest.mark.fault
def test_soak_tells_memory_as_messages_pass(tmp_path):
    """Ten looks, then the peak."""
    told = run("soak", "--messages", "200", "--connections", "4", tmp_path=tmp_path)
    assert 10 == len(re.findall(r"^ +[\d,]+ +\d+$", told, re.MULTILINE))
    assert re.search(r"^ +peak +\d+$", told, re.MULTILINE)


@pytest.mark.fault
def test_webhooks_are_told_beside_a_bare_client(tmp_path):
    """Events to one endpoint with their ratio, then many endpoints of which one hangs."""
    told = run("webhooks", "--events", "200", "--endpoints", "20", tmp_path=tmp_path)
    assert re.search(r"^httpx +[\d,]+ calls/s", told, re.MULTILINE)
    assert re.search(r"^webhooks +[\d,]+ events/s, .*; ratio \d+\.\d\d$", told, re.MULTILINE)
    assert re.search(r"^endpoints +[\d,]+ calls/s to 20 endpoints", told, re.MULTILINE)


@pytest.mark.fault
def test_every_read_is_told(tmp_path):
    """A store is filled, every call is answered with success, and the table ends with how many took too long."""
    told = run("reads", "--messages", "1000", "--times", "2", tmp_path=tmp_path)
    lines = re.findall(r"^ +[\d.]+ +[\d.]+ +[\d.]+ +\d+  (\w+) ", told, re.MULTILINE)
    assert {"postmark", "resend", "pufferpost", "postageapp"} == set(lines)
    assert f"{len(lines)} calls, " in told
