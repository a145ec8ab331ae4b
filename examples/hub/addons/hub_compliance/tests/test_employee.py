# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from .common import ComplianceCommon


class TestEmployee(ComplianceCommon):
    def test_required_document_is_missing_until_one_is_in_force(self):
        self.assertIn(self.document_type, self.employee.missing_compliance_type_ids)
        document = self._create_document()
        self.assertNotIn(self.document_type, self.employee.missing_compliance_type_ids)
        document.write(
            {
                "issue_date": self.today - timedelta(days=400),
                "expiry_date": self.today - timedelta(days=1),
            }
        )
        self.assertIn(self.document_type, self.employee.missing_compliance_type_ids)

    def test_employee_with_everything_required_is_compliant(self):
        required = self.env["hub.compliance.type"].search([("is_required", "=", True)])
        for document_type in required:
            self.assertFalse(self.employee.is_compliant)
            self._create_document(type_id=document_type.id)
        self.assertTrue(self.employee.is_compliant)
        self.assertFalse(self.colleague.is_compliant)
