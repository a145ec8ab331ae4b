from . import test_access
from . import test_verification
from . import test_visit
