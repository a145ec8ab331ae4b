from . import traction_goal
from . import traction_measurable
from . import traction_measurable_entry
