from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase


class TestItem(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.item = cls.env["bench.item"].create({"name": "Chair", "price": 10.0, "quantity": 3})

    def test_total(self):
        self.assertEqual(self.item.total, 30.0)

    def test_total_follows_quantity(self):
        self.item.quantity = 4
        self.assertEqual(self.item.total, 40.0)

    def test_negative_quantity_is_refused(self):
        with self.assertRaises(ValidationError):
            self.item.quantity = -1
