"""Whether Odoo serves the page by which a person begins, asked within its container."""

from runner.docker import questions
from runner.docker.engine import Engine

# Asks until the page is there, and prints the status of the last answer.
_ASK = """
import sys, time, urllib.error, urllib.request
url, limit = sys.argv[1], time.monotonic() + float(sys.argv[2])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
while True:
    try:
        answer = opener.open(url, timeout=max(1.0, limit - time.monotonic()))
        # There Odoo sends who asks while it does not reach the database.
        said = "it leads to " + answer.url if "/web/database/" in answer.url else answer.status
    except urllib.error.HTTPError as error:
        said = error.code
    except OSError as error:
        said = error
    if said == 200 or time.monotonic() >= limit:
        break
    time.sleep(0.5)
print(said)
"""
# Seconds beyond what the question may take itself.
_MARGIN = 30.0


def login_fault(engine: Engine, container: str, port: int, limit: float) -> str:
    """Say what is served instead of the page to log in, `limit` seconds from now at the latest; "" once that is there."""
    words = ("python3", "-I", "-c", _ASK, f"http://127.0.0.1:{port}/web/login", f"{limit:g}")
    exit_code, said = engine.ask(questions.execution(container, words).within(limit + _MARGIN))
    if exit_code == 0 and said.strip() == "200":
        return ""
    return said.strip()[-500:] or f"exit code {exit_code}"
