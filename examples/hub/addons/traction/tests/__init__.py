from . import test_access
from . import test_goal
from . import test_measurable
