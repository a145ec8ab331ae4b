from odoo.exceptions import UserError
from odoo.tests import TransactionCase


class TestExpense(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = cls.env["hr.employee"].create({"name": "Grace"})
        cls.expense = cls.env["bench.expense"].create({"employee_id": cls.employee.id, "amount": 12.5})

    def test_begins_as_a_draft_without_an_entry(self):
        self.assertEqual(self.expense.state, "draft")
        self.assertFalse(self.expense.move_id)

    def test_approval(self):
        self.expense.approve()
        self.assertEqual(self.expense.state, "approved")

    def test_nothing_cannot_be_approved(self):
        self.expense.amount = 0
        with self.assertRaises(UserError):
            self.expense.approve()
