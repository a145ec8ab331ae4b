"""Have no mail leave a server whose database is there to be looked at: its mail servers may be those of real people.

The text of this file follows that of source_only.py in the server's `sitecustomize.py`.
"""

import smtplib
from typing import NoReturn


def _refuse(*_: object, **__: object) -> NoReturn:
    raise ConnectionRefusedError("no mail leaves an environment that was kept")


# Also that of SMTP_SSL, which inherits it.
smtplib.SMTP.connect = _refuse  # type: ignore[method-assign]
