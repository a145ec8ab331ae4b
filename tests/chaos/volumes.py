"""The volumes that containers of a place had mounted: anonymous ones have no labels, so nothing else tells whose they are."""

import json
import subprocess
import threading
from typing import Any


class MountedVolumes:
    """Listens to the engine's events, because a run's containers come and go."""

    def __init__(self, label: str) -> None:
        self._label, _, self._value = label.partition("=")
        self._containers: set[str] = set()
        self._volumes: set[str] = set()
        words = ["docker", "events", "--filter", "type=container", "--filter", "type=volume", "--format", "{{json .}}"]
        self._client = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._client.stdout
        with self._client.stdout as lines:
            for line in lines:
                self._hear(json.loads(line))

    def _hear(self, event: dict[str, Any]) -> None:
        about = event["Actor"]["Attributes"]
        if event["Action"] == "create" and about.get(self._label) == self._value:
            self._containers.add(event["Actor"]["ID"])
        elif event["Action"] == "mount" and about.get("container") in self._containers:
            self._volumes.add(event["Actor"]["ID"])

    def still_there(self) -> set[str]:
        """Those that the engine still holds."""
        listed = subprocess.run(["docker", "volume", "ls", "--quiet"], check=True, capture_output=True, text=True)
        return self._volumes & set(listed.stdout.split())

    def close(self) -> None:
        self._client.kill()
        self._client.wait()
