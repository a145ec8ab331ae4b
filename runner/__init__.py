"""Run the tests of one Odoo module in a throw-away Docker Compose environment that leaves nothing behind."""

import os
import sys

if os.name == "nt":  # before anything is imported that Windows has not; for the noxfile too
    sys.stderr.write("Error: this runs on Linux and macOS, not on Windows itself. Use it in WSL2: docs/platforms.md\n")
    sys.exit(2)
