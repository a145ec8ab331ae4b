from . import traction_rock
from . import traction_milestone
from . import traction_issue
from . import traction_todo
