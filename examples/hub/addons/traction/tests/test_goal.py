# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import ValidationError
from odoo.tests import Form

from .common import TractionCommon


class TestGoal(TractionCommon):
    def test_progress_rises_through_all_levels_by_weight(self):
        self._create_goal("3_person", self.team_goal, weight=3)
        self.goal.own_progress = 40
        self.assertAlmostEqual(self.team_goal.progress, 10.0)
        self.assertAlmostEqual(self.company_goal.progress, 10.0)
        self.goal.weight = 9
        self.assertAlmostEqual(self.company_goal.progress, 30.0)

    def test_reported_progress_counts_only_without_goals_below(self):
        self.team_goal.own_progress = 80
        self.assertEqual(self.team_goal.progress, 0.0)
        self.goal.unlink()
        self.assertEqual(self.team_goal.progress, 80.0)

    def test_goal_serves_one_of_the_level_above(self):
        for level, parent in (
            ("1_company", self.company_goal),
            ("2_team", None),
            ("2_team", self.team_goal),
            ("3_person", self.company_goal),
            ("3_person", self.goal),
        ):
            with (
                self.subTest(level=level, parent=parent and parent.name),
                self.assertRaises(ValidationError),
            ):
                self._create_goal(level, parent)

    def test_goal_that_is_served_keeps_its_level(self):
        with self.assertRaises(ValidationError):
            self.team_goal.write({"level": "1_company", "parent_id": False})

    def test_numbers_out_of_range_are_refused(self):
        for vals in ({"weight": 0}, {"own_progress": -1}, {"own_progress": 100.5}):
            with self.subTest(**vals), self.assertRaises(ValidationError):
                self.goal.write(vals)

    def test_form_asks_for_the_goal_above(self):
        form = Form(self.env["traction.goal"])
        form.name = "New Goal"
        form.level = "2_team"
        # Form refuses to save while a field which the view requires is empty.
        with self.assertRaises(AssertionError):
            form.save()
        form.parent_id = self.company_goal
        goal = form.save()
        self.assertEqual(goal.display_name, "1_company / New Goal")
