# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import TransactionCase, new_test_user


class TractionCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, login="traction_user", groups="base.group_user"
        )
        cls.leader = new_test_user(
            cls.env, login="traction_leader", groups="traction.group_traction_leader"
        )
        cls.rock = cls._create_rock()

    @classmethod
    def _create_rock(cls, **vals):
        """Create a rock in a fixed quarter: the tests must not depend on the day."""
        return cls.env["traction.rock"].create(
            {
                "name": "Rock",
                "owner_id": cls.user.id,
                "year": 2024,
                "quarter": "1",
                **vals,
            }
        )
