"""A remote engine, by tcp: it has none of the files of this machine."""

from .second_engine import RemoteEngine
from .tiny_repository import TinyRepository


def test_the_doctor_examines_a_remote_engine(tiny: TinyRepository, remote: RemoteEngine) -> None:
    mounted = ["run", "--rm", "--volume=/usr:/usr:ro", f"--volume={tiny.checkout}:/mnt:ro", "agent-test-tiny", "ls", "/mnt"]
    assert tiny.docker(*mounted) != ""
    assert tiny.docker("--host", remote.host, *mounted) == ""
    code, output = tiny.run("doctor", DOCKER_HOST=remote.host)
    assert code == 0, output
    assert "disk           that of the engine's host, so not known" in output
