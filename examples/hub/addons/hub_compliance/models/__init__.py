from . import hub_compliance_type
from . import hub_compliance_document
from . import hr_employee
