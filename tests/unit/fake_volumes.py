"""An engine as far as prepared databases need one: volumes."""

from runner.errors import EnvironmentFailed


class FakeVolumes:
    """Volumes with labels, by name, and those that a container uses."""

    kernel = "6.1"

    def __init__(self) -> None:
        self.volumes: dict[str, dict[str, str]] = {}
        self.used: set[str] = set()

    def volumes_with(self, label: str) -> list[dict[str, object]]:
        return [{"Name": name, "Labels": labels} for name, labels in self.volumes.items() if label in labels]

    def command(self, *arguments: str) -> str:
        match arguments:
            case ("volume", "ls", "--quiet", "--filter", "dangling=true"):
                return "\n".join(self.volumes.keys() - self.used)
            case ("volume", "create", *words, name):
                labels = dict(word.split("=", 1) for word in words[1::2])
                self.volumes.setdefault(name, labels)  # as the engine does: the first one stays
                return name
            case ("volume", "rm", "--force", name):
                if name in self.used:
                    raise EnvironmentFailed("volume is in use")
                self.volumes.pop(name, None)
                return name
        raise AssertionError(arguments)
