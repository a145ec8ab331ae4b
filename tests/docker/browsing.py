"""Pages of reports in a real browser: Chromium in a container of an image that has it for Odoo's tours, without network."""

import json
import subprocess
from pathlib import Path
from typing import Any

BROWSE = Path(__file__).with_name("browse.py")
# The least contrast of text that WCAG 2.2 asks for at level AA.
LEAST_CONTRAST = 4.5


def look_at(page: Path, image: str) -> list[dict[str, Any]]:
    """Look at a page in light and dark, on a phone and a desk; return what was seen, after what must be so of any page.

    It fits the screen, can be read, loads nothing but itself, and runs nothing. Pictures of it are put beside it.
    """
    page.parent.chmod(0o777)
    mounts = [f"--volume={page.parent}:/page", f"--volume={BROWSE}:/browse.py:ro"]
    alone = ["--rm", "--network=none", "--env=HOME=/tmp", "--entrypoint=python3"]
    command = ["docker", "run", *alone, *mounts, image, "/browse.py", f"/page/{page.name}", "/page"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["said"] == [], "the console of the browser"
    assert told["requests"][0].startswith("file:///page/")
    assert all(url.startswith("data:image/") for url in told["requests"][1:])
    assert len(told["seen"]) == 4
    for how, seen in told["seen"].items():
        assert seen["scroll_width"] <= seen["client_width"] == int(how.split()[1]), how
        assert seen["least_contrast"] >= LEAST_CONTRAST, how
        assert (seen["scripts"], seen["handlers"], seen["ran"]) == (0, 0, False), how
        assert all(complete and width and height for complete, width, height in seen["pictures"]), how
    return list(told["seen"].values())
