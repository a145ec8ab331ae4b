# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import Command
from odoo.tests import TransactionCase, new_test_user


class EvvCommon(TransactionCase):
    """Two caregivers with a client each, and a coordinator.

    The tests make their own records and never rely on demo data, which Odoo 19 does
    not load unless asked to.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.caregiver_user = new_test_user(
            cls.env, login="evv_caregiver", groups="evv_core.group_evv_caregiver"
        )
        cls.coordinator_user = new_test_user(
            cls.env, login="evv_coordinator", groups="evv_core.group_evv_coordinator"
        )
        cls.employee_user = new_test_user(
            cls.env, login="evv_employee", groups="base.group_user"
        )
        cls.caregiver, cls.other_caregiver = cls.env["evv.caregiver"].create(
            [
                {"name": "Caregiver", "user_id": cls.caregiver_user.id},
                {"name": "Other Caregiver"},
            ]
        )
        cls.client, cls.other_client = cls.env["evv.client"].create(
            [
                {
                    "name": "Client",
                    "caregiver_ids": [Command.link(cls.caregiver.id)],
                    "latitude": 40.7127281,
                    "longitude": -74.0060152,
                },
                {
                    "name": "Other Client",
                    "caregiver_ids": [Command.link(cls.other_caregiver.id)],
                },
            ]
        )
