"""All cases of the corpus."""

from .green import GREEN
from .hanging import HANGING
from .lost import LOST
from .not_proven import NOT_PROVEN
from .noted import NOTED
from .red import RED

CASES = (*GREEN, *RED, *NOT_PROVEN, *LOST, *NOTED, *HANGING)
