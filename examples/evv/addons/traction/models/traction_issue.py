# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TractionIssue(models.Model):
    """Something that stands in the way: identify, discuss, solve."""

    _name = "traction.issue"
    _description = "Issue"
    _order = "priority desc, id"

    name = fields.Char(required=True)
    description = fields.Text()
    priority = fields.Selection(
        [("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")], default="1"
    )
    rock_id = fields.Many2one("traction.rock", index=True, ondelete="set null")
    raised_by_id = fields.Many2one(
        "res.users", required=True, default=lambda self: self.env.user
    )
    state = fields.Selection(
        [("open", "Open"), ("solved", "Solved"), ("dropped", "Dropped")],
        required=True,
        default="open",
        copy=False,
    )
    todo_ids = fields.One2many("traction.todo", "issue_id", string="To-Dos")

    @api.constrains("state", "todo_ids")
    def _check_solved(self):
        """Nothing is solved by talking about it: a solution is at least one to-do."""
        for issue in self:
            if issue.state == "solved" and not issue.todo_ids:
                raise ValidationError(
                    self.env._("%s has no to-do: it is not solved.", issue.name)
                )

    def action_solve(self):
        self.state = "solved"

    def action_drop(self):
        self.state = "dropped"
