from . import test_access
from . import test_caregiver
from . import test_client
