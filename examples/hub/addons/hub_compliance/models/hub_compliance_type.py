# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HubComplianceType(models.Model):
    _name = "hub.compliance.type"
    _description = "Type of Compliance Document"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    is_required = fields.Boolean(
        string="Required", help="Every employee has to have a valid one."
    )
    validity_months = fields.Integer(
        help="How long such a document is valid; 0 if it does not expire."
    )
    reminder_days = fields.Integer(
        default=30, help="How long before its expiry a document has to be renewed."
    )
    responsible_id = fields.Many2one(
        "res.users", help="Is asked to see to the renewal of expiring documents."
    )

    @api.constrains("validity_months", "reminder_days")
    def _check_periods(self):
        for document_type in self:
            if document_type.validity_months < 0 or document_type.reminder_days < 0:
                raise ValidationError(
                    self.env._("The periods of %s are negative.", document_type.name)
                )
