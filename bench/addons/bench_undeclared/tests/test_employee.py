from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestEmployee(TransactionCase):
    def test_an_employee_has_a_name(self):
        self.assertEqual(self.env["hr.employee"].create({"name": "Ada"}).name, "Ada")
