# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import EvvCommon


@tagged("post_install", "-at_install")
class TestAccess(EvvCommon):
    """Run after every module is loaded: any of them may widen the access."""

    def test_caregiver_sees_assigned_clients_only(self):
        Client = self.env["evv.client"].with_user(self.caregiver_user)
        both = self.client | self.other_client
        self.assertEqual(Client.search([("id", "in", both.ids)]), self.client)
        with self.assertRaises(AccessError):
            self.other_client.with_user(self.caregiver_user).read(["name"])

    def test_user_without_evv_group_sees_no_client(self):
        with self.assertRaises(AccessError):
            self.client.with_user(self.employee_user).read(["name"])

    def test_caregiver_changes_nothing(self):
        for record in (self.client, self.caregiver):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                record.with_user(self.caregiver_user).write({"name": "Changed"})

    def test_coordinator_registers_a_client_in_the_form(self):
        form = Form(self.env["evv.client"].with_user(self.coordinator_user))
        form.name = "New Client"
        form.caregiver_ids.add(self.caregiver)
        client = form.save()
        self.assertTrue(client.reference)
        self.assertEqual(self.caregiver.client_ids, self.client | client)
        self.assertEqual(self.caregiver.client_count, 2)

    def test_administrator_is_coordinator(self):
        admin = self.env.ref("base.user_admin")
        self.assertTrue(admin.has_group("evv_core.group_evv_coordinator"))
