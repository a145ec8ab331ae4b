"""Look at a page in Chromium, in a container without network: `python3 browse.py FILE FOLDER_FOR_PICTURES` prints JSON.

Needs nothing but Chromium and Python's websocket-client, as the images have it in which Odoo tests in a browser.
"""

import base64
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import websocket  # type: ignore[import-not-found]  # in the container

PATIENCE = 60
# In pixels; a phone, a desk.
WIDTHS = (360, 1280)
SEEN = """
(() => {
  const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
  };
  const contrast = (element) => {
    const [one, two] = [rgb(getComputedStyle(element).color), behind(element)].map((colour) => light(colour.slice(0, 3)));
    return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  };
  const handled = (element) => [...element.attributes].some(({ name }) => name.startsWith("on"));
  const texts = [...document.body.querySelectorAll("*")].filter((element) => own(element) && element.checkVisibility());
  const page = document.scrollingElement;
  return {
    title: document.title,
    heading: document.querySelector("h1").innerText,
    text: document.body.textContent,
    least_contrast: Math.min(...texts.map(contrast)),
    scroll_width: page.scrollWidth,
    client_width: page.clientWidth,
    scripts: document.scripts.length,
    handlers: [...document.querySelectorAll("*")].filter(handled).length,
    ran: "ran" in window,
    pictures: [...document.images].map((image) => [image.complete, image.naturalWidth, image.naturalHeight]),
  };
})()
"""


class Browser:
    """Chromium, by its DevTools protocol."""

    def __init__(self, profile: str) -> None:
        command = ["chromium", "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"]
        more = ["--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen([*command, *more], stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        port = next(line.split(":")[-1].split("/")[0] for line in self.process.stderr if "DevTools listening on" in line)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
            (page,) = (each for each in json.load(answer) if each["type"] == "page")
        self.socket = websocket.create_connection(page["webSocketDebuggerUrl"], timeout=PATIENCE)
        self.number = 0
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message: dict[str, Any] = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    def wait_for(self, event: str) -> None:
        while not any(each.get("method") == event for each in self.events):
            self.events.append(json.loads(self.socket.recv()))


def look(browser: Browser, page: Path, pictures: Path) -> dict[str, Any]:
    for domain in ("Page", "Log", "Runtime", "Network"):
        browser.ask(f"{domain}.enable")
    browser.ask("Page.navigate", url=page.as_uri())
    browser.wait_for("Page.loadEventFired")
    seen: dict[str, Any] = {}
    for scheme in ("light", "dark"):
        browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for width in WIDTHS:
            browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
            evaluated = browser.ask("Runtime.evaluate", expression=SEEN, returnByValue=True)
            seen[f"{scheme} {width}"] = evaluated["result"].get("value") or evaluated
            picture = browser.ask("Page.captureScreenshot", captureBeyondViewport=True)
            (pictures / f"{page.stem}-{scheme}-{width}.png").write_bytes(base64.b64decode(picture["data"]))
    methods = {"Log.entryAdded": "entry", "Runtime.consoleAPICalled": "args", "Runtime.exceptionThrown": "exceptionDetails"}
    said = [each["params"][methods[each["method"]]] for each in browser.events if each.get("method") in methods]
    sent = [each["params"]["request"] for each in browser.events if each.get("method") == "Network.requestWillBeSent"]
    return {"seen": seen, "said": said, "requests": [request["url"][:80] for request in sent]}


def main(page: str, pictures: str) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            print(json.dumps(look(browser, Path(page), Path(pictures))))
        finally:
            browser.process.kill()
            browser.process.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
