# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TractionMilestone(models.Model):
    _name = "traction.milestone"
    _description = "Milestone of a Rock"
    _order = "due_date, id"

    name = fields.Char(required=True)
    rock_id = fields.Many2one(
        "traction.rock", required=True, index=True, ondelete="cascade"
    )
    due_date = fields.Date()
    is_done = fields.Boolean(string="Done", copy=False)

    @api.constrains("due_date", "rock_id")
    def _check_due_date(self):
        for milestone in self.filtered("due_date"):
            rock = milestone.rock_id
            if not rock.date_start <= milestone.due_date <= rock.date_end:
                raise ValidationError(
                    self.env._(
                        "The milestone %s is not due in the quarter of its rock.",
                        milestone.name,
                    )
                )

    @api.constrains("is_done", "rock_id")
    def _check_rock(self):
        """The rule of the rock, seen from the other side of the relation."""
        self.rock_id._check_done()
