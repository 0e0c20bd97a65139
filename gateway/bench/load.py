"""Load from a process of its own: wrk where it is installed, else the bundled client."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec
from click import ClickException

from gateway.bench.client import Plan, Result

_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def tool() -> str:
    """Which client measures."""
    return "wrk" if shutil.which("wrk") else "the bundled client"


def run(plan: Plan) -> Result:
    """Load a server; raises ClickException where requests failed."""
    result = _wrk(plan) if shutil.which("wrk") and not plan.requests else _bundled(plan)
    if result.failed:
        raise ClickException(
            f"{result.failed} requests failed beside {result.answered}: the figures would lie"
        )
    return result


def _bundled(plan: Plan) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.bench.client"],
        input=msgspec.json.encode(plan), check=True, capture_output=True,
    )  # fmt: skip
    return msgspec.json.decode(done.stdout, type=Result)


def _wrk(plan: Plan) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        headers = "".join(f"wrk.headers[{_lua(n)}] = {_lua(v)}\n" for n, v in plan.headers.items())
        script.write_text(f'wrk.method = "POST"\n{headers}{_bodies(plan)}')
        url = f"http://{plan.host}:{plan.port}{plan.path}"
        done = subprocess.run(  # noqa: S603
            ["wrk", "-t1", f"-c{plan.connections}", f"-d{plan.seconds}s", "--latency", "-s", str(script), url],  # noqa: S607
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode:
        raise ClickException(f"wrk failed: {done.stderr or done.stdout}")
    return _read(done.stdout)


def _bodies(plan: Plan) -> str:
    """Lua that makes every request before the first and gives them out in turn: see ``Plan.variants``."""
    return f"""
local made, last = {{}}, 0
init = function()
  for n = 0, {plan.variants - 1} do
    local body = ({_lua(plan.body)}):gsub("{{n}}", tostring(n))
    made[n + 1] = wrk.format(nil, nil, nil, body)
  end
end
request = function()
  last = last % #made + 1
  return made[last]
end
"""


def _read(told: str) -> Result:
    answered = re.search(r"(\d+) requests in", told)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    if answered is None or rate is None:
        raise ClickException(f"wrk said something unexpected:\n{told}")
    failed = (int(bad[1]) if bad else 0) + sum(int(each) for each in (broken.groups() if broken else ()))
    return Result(
        rate=float(rate[1]),
        answered=int(answered[1]),
        failed=failed,
        p50_ms=_percentile(told, "50"),
        p99_ms=_percentile(told, "99"),
    )


def _percentile(told: str, which: str) -> float:
    found = re.search(rf"{which}%\s+([\d.]+)(us|ms|s|m)\b", told)
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


def _lua(text: str) -> str:
    """A Lua string that holds any text."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'
