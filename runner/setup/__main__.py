"""`python -m runner.setup`: have an engine, Compose v2 and the images, then exit 0; else one message and exit 2 or 3."""

import os
import sys
from pathlib import Path

from runner.config import repositories as config
from runner.errors import ExitCode, RunnerError
from runner.setup.engine import ensure_engine
from runner.setup.images import ensure_images
from runner.setup.own_images import ensure_own_images
from runner.setup.shell import ProvisionError, fail, terminal


def main() -> int:
    """Make this machine ready for the repos.yaml of the current folder."""
    folder = Path.cwd()
    try:
        settings = config.load(folder, os.environ)
        ensure_engine()
        ensure_images(settings, folder)
        # Anew, as what cannot be pulled is called otherwise by now.
        ensure_own_images(config.load(folder, os.environ))
    except RunnerError as error:
        fail(str(error))
        return int(error.exit_code)
    except ProvisionError as error:
        fail(str(error))
        return ExitCode.NO_ENGINE
    finally:
        terminal().finish()
    return ExitCode.PASSED


if __name__ == "__main__":
    sys.exit(main())
