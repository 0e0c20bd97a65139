"""A Postfix of the benchmark's own: settings, queue and ports apart from the one that may run on the machine.

It relays everything to one address, with Postfix's defaults but for what would ask the DNS or somebody else.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from click import ClickException

from gateway.bench.subject import await_port, free_port

_TOOLS: Final = ("postfix", "postconf", "smtp-source")
# as many conversations at once as our own workers have
_SESSIONS: Final = 20
_LETTER_BYTES: Final = 2000
_MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = bench.example.org
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
relayhost = [127.0.0.1]:{sink}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtp_tls_security_level = none
"""
_MASTER: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str:
    """Why there is no comparison on this machine; empty where there is one."""
    if absent := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        return f"{', '.join(absent)} not installed"
    return "" if os.geteuid() == 0 else "Postfix is started by root alone"


class Postfix(msgspec.Struct, frozen=True):
    """One that runs: where it listens, and the session that all its processes are of."""

    port: int
    session: int

    def cpu_s(self) -> float:
        """CPU time so far of all its processes, those that have ended included."""
        return sum(
            sum(map(int, fields[11:15]))
            for fields in map(_fields, Path("/proc").glob("[0-9]*/stat"))
            if fields and int(fields[3]) == self.session
        ) / os.sysconf("SC_CLK_TCK")


def _fields(stat: Path) -> list[str]:
    """What follows the name in a process's line: its state, parent, group, session; nothing where it has ended."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


@contextmanager
def running(data: Path, sink_port: int) -> Iterator[Postfix]:
    """A Postfix that hands everything to the sink; raises ClickException where it does not start."""
    folder = (data / "postfix").resolve()
    port = free_port()
    # its processes are another user's and have to pass
    data.chmod(0o755)
    for name in ("", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    (folder / "main.cf").write_text(_MAIN.format(folder=folder, sink=sink_port))
    (folder / "master.cf").write_text(_MASTER.format(port=port))
    _postfix(folder, "start")
    try:
        await_port(port)
        yield Postfix(port, os.getsid(int((folder / "queue/pid/master.pid").read_text())))
    finally:
        # by the pid that it keeps in its own queue folder
        _postfix(folder, "stop")


def _postfix(folder: Path, word: str) -> None:
    done = subprocess.run(  # noqa: S603
        ["postfix", "-c", str(folder), word],  # noqa: S607  # where the system has it
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise ClickException(f"postfix {word}: {done.stderr or done.stdout or _log(folder)}")


def _log(folder: Path) -> str:
    log = folder / "log"
    return log.read_text(errors="replace")[-2000:] if log.exists() else "it says nothing"


def send(port: int, messages: int) -> None:
    """Hand over letters on connections that are kept; returns when Postfix has taken all of them."""
    done = subprocess.run(  # noqa: S603
        [  # noqa: S607  # likewise
            "smtp-source", "-d", "-s", str(_SESSIONS), "-l", str(_LETTER_BYTES), "-m", str(messages),
            "-f", "bench@example.org", "-t", "reader@example.net", f"127.0.0.1:{port}",
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise ClickException(f"smtp-source: {done.stderr or done.stdout}")
