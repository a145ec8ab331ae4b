from . import test_access
from . import test_document
from . import test_employee
