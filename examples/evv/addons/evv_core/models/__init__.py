from . import evv_caregiver
from . import evv_client
