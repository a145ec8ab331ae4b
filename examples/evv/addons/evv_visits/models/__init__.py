from . import evv_client
from . import evv_visit
