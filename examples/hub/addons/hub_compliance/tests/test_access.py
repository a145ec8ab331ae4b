# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ComplianceCommon


@tagged("post_install", "-at_install")
class TestAccess(ComplianceCommon):
    def test_employee_reads_his_own_documents_only(self):
        own = self._create_document()
        other = self._create_document(employee_id=self.colleague.id)
        as_user = own.with_user(self.user)
        self.assertEqual(as_user.search([("id", "in", (own | other).ids)]), own)
        [values] = as_user.read(["employee_id", "state"])
        self.assertEqual(values["employee_id"], (self.employee.id, "Employee"))
        with self.assertRaises(AccessError):
            as_user.number = "L-2"
        with self.assertRaises(AccessError):
            other.with_user(self.user).read(["number"])

    def test_compliance_of_employees_is_for_officers(self):
        employee = self.employee.with_user(self.officer)
        self.assertIn(self.document_type, employee.missing_compliance_type_ids)
        with self.assertRaises(AccessError):
            self.employee.with_user(self.user).read(["is_compliant"])

    def test_officer_sees_documents_of_his_companies(self):
        company = self.env["res.company"].create({"name": "Other Company"})
        foreigner = self.env["hr.employee"].create(
            {"name": "Foreigner", "company_id": company.id}
        )
        document = self._create_document(employee_id=foreigner.id)
        as_officer = self.env["hub.compliance.document"].with_user(self.officer)
        self.assertFalse(as_officer.search([("id", "=", document.id)]))
        self.officer.company_ids += company
        as_officer = as_officer.with_context(allowed_company_ids=company.ids)
        self.assertEqual(as_officer.search([("id", "=", document.id)]), document)

    def test_officer_does_not_define_types(self):
        with self.assertRaises(AccessError):
            self.document_type.with_user(self.officer).validity_months = 1
