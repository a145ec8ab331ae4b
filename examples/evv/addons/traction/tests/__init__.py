from . import test_access
from . import test_issue
from . import test_rock
from . import test_scorecard
from . import test_tour
