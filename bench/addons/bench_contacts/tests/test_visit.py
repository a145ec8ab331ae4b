from odoo.tests import TransactionCase


class TestVisit(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Ada"})
        cls.employee = cls.env["hr.employee"].create({"name": "Grace"})
        cls.visit = cls.env["bench.visit"].create({"partner_id": cls.partner.id, "employee_id": cls.employee.id})

    def test_name(self):
        self.assertEqual(self.visit.name, "Grace at Ada")

    def test_name_follows_the_contact(self):
        self.partner.name = "Ada L."
        self.assertEqual(self.visit.name, "Grace at Ada L.")

    def test_a_note_is_kept_on_the_visit(self):
        self.visit.message_post(body="Nobody there")
        self.assertIn("Nobody there", self.visit.message_ids[0].body)
