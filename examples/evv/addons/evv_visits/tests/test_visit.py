# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from .common import VisitCommon


class TestVisit(VisitCommon):
    def test_check_in_and_check_out_lead_through_the_states(self):
        visit = self.visit
        self.assertEqual(visit.state, "scheduled")
        with self.assertRaises(UserError):
            visit.action_check_out()
        visit.action_check_in()
        self.assertEqual(visit.state, "in_progress")
        with self.assertRaises(UserError):
            visit.action_check_in()
        visit.action_check_out()
        self.assertEqual(visit.state, "done")

    def test_duration_is_what_was_worked_not_what_was_planned(self):
        self.assertEqual(self.visit.scheduled_hours, 2.0)
        self.assertEqual(self.visit.duration, 0.0)
        self.visit.check_in = self.start + timedelta(minutes=5)
        self.visit.check_out = self.start + timedelta(minutes=95)
        self.assertAlmostEqual(self.visit.duration, 1.5)

    def test_visits_which_cannot_have_been_are_refused(self):
        for vals in (
            {"caregiver_id": self.other_caregiver.id},
            {"scheduled_end": self.start},
            {"check_out": self.start},
            {"check_in": self.start, "check_out": self.start - timedelta(seconds=1)},
        ):
            with self.subTest(**vals), self.assertRaises(ValidationError):
                self.visit.write(vals)

    def test_visits_of_a_caregiver_overlap_only_when_cancelled(self):
        for offset in (-1, 0, 1):
            with self.subTest(offset=offset), self.assertRaises(ValidationError):
                self._create_visit(self.start + timedelta(hours=offset))
        following = self._create_visit(self.start + timedelta(hours=2))
        self.assertNotEqual(following.reference, self.visit.reference)
        self.visit.action_cancel()
        self.assertEqual(self.visit.state, "cancelled")
        self.assertEqual(self._create_visit().state, "scheduled")

    def test_started_visit_is_neither_cancelled_nor_deleted(self):
        self.visit.action_check_in()
        for method in ("action_cancel", "unlink"):
            with self.subTest(method=method), self.assertRaises(UserError):
                getattr(self.visit, method)()

    def test_form_plans_a_visit_from_the_client(self):
        action = self.client.action_open_visits()
        form = Form(self.env["evv.visit"].with_context(**action["context"]))
        form.caregiver_id = self.caregiver
        form.scheduled_start = self.start + timedelta(days=1)
        form.scheduled_end = self.start + timedelta(days=1, hours=3)
        self.assertEqual(form.scheduled_hours, 3.0)
        visit = form.save()
        self.assertEqual(self.client.visit_ids, visit | self.visit)
        self.assertEqual(self.client.visit_count, 2)
