from odoo import fields, models
from odoo.exceptions import UserError


class BenchExpense(models.Model):
    _name = "bench.expense"
    _description = "Expense"

    employee_id = fields.Many2one("hr.employee", required=True)
    amount = fields.Float()
    move_id = fields.Many2one("account.move")
    state = fields.Selection([("draft", "Draft"), ("approved", "Approved")], default="draft")

    def approve(self):
        if any(expense.amount <= 0 for expense in self):
            raise UserError(self.env._("There is nothing to approve."))
        self.state = "approved"
