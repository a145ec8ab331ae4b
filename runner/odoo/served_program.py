"""Wait until a server of Odoo answers for a database, and sign in there: its last words are a line of JSON.

The text of this file is run in the odoo container, as the parent of the server. Standard library only, Python 3.7 or newer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from typing import Any

# In seconds, between two tries.
_PAUSE = 0.1
_LEAST, _LONGEST, _MOST = 1.0, 1000, 1_000_000


def sign_in(port: str, host: str, login: dict[str, str], limit: float) -> dict[str, Any]:
    """Ask once, as a browser that has the server at `host`: OSError where nobody answers yet."""
    # Odoo keeps that as the address of its web pages.
    headers = {"Content-Type": "application/json", "Host": host}
    content = json.dumps({"jsonrpc": "2.0", "method": "call", "params": login}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/web/session/authenticate", content, headers)
    # No proxy of the container's.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=limit) as response:
            answer = json.loads(response.read(_MOST))
    except urllib.error.HTTPError as error:
        return {"error": f"HTTP {error.code}"}
    except ValueError:
        return {"error": "the answer is none of Odoo's"}
    result, problem = answer.get("result") or {}, answer.get("error") or {}
    data = problem.get("data") or {}
    if result.get("uid") or str(data.get("name", "")).endswith("AccessDenied"):
        return {"serves": True, "signed_in": bool(result.get("uid"))}
    return {"error": str(data.get("message") or problem.get("message") or "nobody is signed in")[:_LONGEST]}


def wait_for(pid: int, port: str, host: str, login: dict[str, str], limit: float) -> dict[str, Any]:
    """Ask the server, a child with this pid, until it answers, for at most `limit` seconds; end it if it does not serve."""
    deadline = time.monotonic() + limit
    said: dict[str, Any] = {"error": f"it did not answer within {limit:.0f} s"}
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            how = (
                f"was killed by signal {os.WTERMSIG(status)}"
                if os.WIFSIGNALED(status)
                else f"ended with exit code {status >> 8}"
            )
            return {"error": f"its process {how}"}
        try:
            said = sign_in(port, host, login, max(_LEAST, deadline - time.monotonic()))
            break
        except OSError:
            time.sleep(_PAUSE)
    if not said.get("serves"):
        os.kill(pid, signal.SIGKILL)
    return said


if __name__ == "__main__":
    _pid, _port, _host, _login, _limit = sys.argv[1:]
    sys.stdout.write(f"{json.dumps(wait_for(int(_pid), _port, _host, json.loads(_login), float(_limit)))}\n")
