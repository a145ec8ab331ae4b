# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import TractionCommon


@tagged("post_install", "-at_install")
class TestAccess(TractionCommon):
    def test_user_reports_on_his_own_goal_and_measurable(self):
        self.goal.with_user(self.user).own_progress = 50
        # The goals above follow, although the user may not write them.
        self.assertEqual(self.company_goal.progress, 50.0)
        Entry = self.env["traction.measurable.entry"].with_user(self.user)
        vals = {"measurable_id": self.measurable.id, "value": 1}
        Entry.create({**vals, "date": date(2024, 5, 6)})
        self.assertEqual(self.measurable.weeks_off_target, 1)
        self.measurable.owner_id = self.leader
        with self.assertRaises(AccessError):
            Entry.create({**vals, "date": date(2024, 5, 13)})

    def test_user_sets_neither_team_goals_nor_targets(self):
        self.team_goal.owner_id = self.user
        for record, vals in (
            (self.team_goal, {"name": "Changed"}),
            (self.goal, {"level": "2_team", "parent_id": self.company_goal.id}),
            (self.measurable, {"target": 1}),
        ):
            with self.subTest(model=record._name, **vals):
                self.assertTrue(record.with_user(self.user).name)
                with self.assertRaises(AccessError):
                    record.with_user(self.user).write(vals)
                # The values as such are fine: a leader may write them.
                record.with_user(self.leader).write(vals)
