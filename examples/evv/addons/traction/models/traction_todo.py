# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models

# To-dos are looked at in the weekly meeting.
TODO_DAYS = 7


class TractionTodo(models.Model):
    _name = "traction.todo"
    _description = "To-Do"
    _order = "is_done, due_date, id"

    name = fields.Char(required=True)
    owner_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        default=lambda self: self.env.user,
    )
    issue_id = fields.Many2one("traction.issue", index=True, ondelete="cascade")
    due_date = fields.Date(
        required=True,
        default=lambda self: (
            fields.Date.context_today(self) + timedelta(days=TODO_DAYS)
        ),
    )
    is_done = fields.Boolean(string="Done", copy=False)
    is_overdue = fields.Boolean(compute="_compute_is_overdue")

    @api.depends("due_date", "is_done")
    def _compute_is_overdue(self):
        """Not stored: midnight makes a to-do overdue without any write."""
        today = fields.Date.context_today(self)
        for todo in self:
            todo.is_overdue = bool(
                not todo.is_done and todo.due_date and todo.due_date < today
            )
