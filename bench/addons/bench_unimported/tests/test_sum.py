from odoo.tests import TransactionCase


class TestSum(TransactionCase):
    def test_one_and_one(self):
        self.assertEqual(1 + 1, 3)
