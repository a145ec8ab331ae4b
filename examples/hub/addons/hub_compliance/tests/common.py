# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields
from odoo.tests import TransactionCase, new_test_user


class ComplianceCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The chatter is mail's to test; without it the tests are several times faster.
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.officer = new_test_user(
            cls.env, login="compliance_officer", groups="hr.group_hr_user"
        )
        cls.user = new_test_user(
            cls.env, login="compliance_user", groups="base.group_user"
        )
        cls.employee, cls.colleague = cls.env["hr.employee"].create(
            [{"name": "Employee", "user_id": cls.user.id}, {"name": "Colleague"}]
        )
        cls.document_type = cls.env["hub.compliance.type"].create(
            {
                "name": "Licence",
                "is_required": True,
                "validity_months": 12,
                "reminder_days": 30,
                "responsible_id": cls.officer.id,
            }
        )
        cls.today = fields.Date.context_today(cls.employee)

    @classmethod
    def _create_document(cls, **vals):
        return cls.env["hub.compliance.document"].create(
            {
                "employee_id": cls.employee.id,
                "type_id": cls.document_type.id,
                **vals,
            }
        )
