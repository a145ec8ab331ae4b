# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import TransactionCase, new_test_user


class TractionCommon(TransactionCase):
    """A goal on each level and a measurable, owned by a user who does not lead."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, login="traction_user", groups="base.group_user"
        )
        cls.leader = new_test_user(
            cls.env, login="traction_leader", groups="traction.group_traction_leader"
        )
        cls.company_goal = cls._create_goal("1_company")
        cls.team_goal = cls._create_goal("2_team", cls.company_goal)
        cls.goal = cls._create_goal("3_person", cls.team_goal, owner_id=cls.user.id)
        cls.measurable = cls.env["traction.measurable"].create(
            {"name": "Calls", "owner_id": cls.user.id, "target": 10}
        )

    @classmethod
    def _create_goal(cls, level, parent=None, **vals):
        return cls.env["traction.goal"].create(
            {
                "name": level,
                "level": level,
                "parent_id": parent.id if parent else False,
                "owner_id": cls.leader.id,
                **vals,
            }
        )

    @classmethod
    def _report(cls, date, value):
        return cls.env["traction.measurable.entry"].create(
            {"measurable_id": cls.measurable.id, "date": date, "value": value}
        )
