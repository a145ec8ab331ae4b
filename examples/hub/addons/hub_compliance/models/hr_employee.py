# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    # Fields of hr.employee which the public profile does not have must be limited to
    # the officers, or everybody else fails to read employees at all.
    compliance_document_ids = fields.One2many(
        "hub.compliance.document",
        "employee_id",
        string="Compliance Documents",
        groups="hr.group_hr_user",
    )
    missing_compliance_type_ids = fields.Many2many(
        "hub.compliance.type",
        string="Missing Documents",
        compute="_compute_missing_compliance_type_ids",
        groups="hr.group_hr_user",
    )
    is_compliant = fields.Boolean(
        compute="_compute_missing_compliance_type_ids", groups="hr.group_hr_user"
    )

    @api.depends("compliance_document_ids.state", "compliance_document_ids.type_id")
    def _compute_missing_compliance_type_ids(self):
        required = self.env["hub.compliance.type"].search([("is_required", "=", True)])
        for employee in self:
            in_force = employee.compliance_document_ids.filtered(
                lambda document: document.state != "expired"
            )
            missing = required - in_force.type_id
            employee.missing_compliance_type_ids = missing
            employee.is_compliant = not missing

    def action_open_compliance_documents(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Compliance Documents"),
            "res_model": "hub.compliance.document",
            "view_mode": "list,form",
            "domain": [("employee_id", "=", self.id)],
            "context": {"default_employee_id": self.id},
        }
