"""Become a docker client: `python -I -S launch.py FILE MARK docker ARGUMENT ...`.

python-on-whales gives its clients the environment, the folder and the process group of the program that calls it. This
small program, in the place of `docker`, gives them those of docker/process.py: it reads the environment in FILE, puts its own
pid there instead, and becomes the client. MARK is for the guard, which looks for clients by the run's token.

Standard library only, and little of that: it runs before every client that streams.
"""

import os
import sys


def main() -> None:
    """Read the environment in FILE, leave the pid there, and become the command."""
    file, _mark, *command = sys.argv[1:]
    os.setsid()  # before the pid is known: whoever reads it kills the group
    with open(file, "r+b") as stream:
        environ = dict(entry.split(b"=", 1) for entry in stream.read().split(b"\0") if entry)
        stream.seek(0)
        stream.truncate()
        stream.write(b"%d" % os.getpid())
    os.chdir("/")
    # One stream, in the order in which it was written; of a failure python-on-whales decodes what it finds on the second one.
    os.dup2(1, 2)
    os.execvpe(command[0], command, environ)  # noqa: S606 - what python-on-whales asks for


if __name__ == "__main__":
    main()
