# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form

from ..models.traction_rock import MAX_ROCKS_PER_QUARTER
from .common import TractionCommon


class TestRock(TractionCommon):
    def test_quarter_gives_the_dates(self):
        for quarter, start, end in (
            ("1", date(2024, 1, 1), date(2024, 3, 31)),
            ("2", date(2024, 4, 1), date(2024, 6, 30)),
            ("3", date(2024, 7, 1), date(2024, 9, 30)),
            ("4", date(2024, 10, 1), date(2024, 12, 31)),
        ):
            with self.subTest(quarter=quarter):
                self.rock.quarter = quarter
                self.assertEqual(self.rock.date_start, start)
                self.assertEqual(self.rock.date_end, end)

    def test_owner_has_a_limited_number_of_rocks_per_quarter(self):
        for _number in range(MAX_ROCKS_PER_QUARTER - 1):
            self._create_rock()
        with self.assertRaises(ValidationError):
            self._create_rock()
        self._create_rock(quarter="2")
        self._create_rock(owner_id=self.leader.id)
        self.rock.state = "dropped"
        self.assertEqual(self._create_rock().state, "on_track")

    def test_rock_with_open_milestones_is_not_done(self):
        self.rock.milestone_ids = [Command.create({"name": "Milestone"})]
        with self.assertRaises(ValidationError):
            self.rock.action_done()
        self.rock.milestone_ids.is_done = True
        self.rock.action_done()
        self.assertEqual(self.rock.state, "done")
        with self.assertRaises(ValidationError):
            self.rock.milestone_ids.is_done = False

    def test_milestone_is_due_in_the_quarter(self):
        milestone = self.env["traction.milestone"].create(
            {
                "name": "Milestone",
                "rock_id": self.rock.id,
                "due_date": date(2024, 3, 31),
            }
        )
        for due_date in (date(2023, 12, 31), date(2024, 4, 1)):
            with self.subTest(due_date=due_date), self.assertRaises(ValidationError):
                milestone.due_date = due_date

    def test_form_shows_dates_and_progress_before_saving(self):
        form = Form(self.env["traction.rock"])
        form.name = "Rock"
        form.year = 2023
        form.quarter = "4"
        self.assertEqual(form.date_end, date(2023, 12, 31))
        for is_done in (True, False, False, False):
            with form.milestone_ids.new() as milestone:
                milestone.name = "Milestone"
                milestone.is_done = is_done
        self.assertEqual(form.progress, 25.0)
        rock = form.save()
        self.assertEqual(rock.owner_id, self.env.user)
        self.assertEqual(rock.progress, 25.0)
