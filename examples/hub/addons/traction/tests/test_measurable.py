# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import ValidationError

from .common import TractionCommon

MONDAY = date(2024, 5, 6)


class TestMeasurable(TractionCommon):
    def test_target_is_a_minimum_or_a_maximum(self):
        entry = self._report(MONDAY, 10)
        for direction, value, is_on_target in (
            ("at_least", 9.9, False),
            ("at_least", 10.0, True),
            ("at_most", 10.0, True),
            ("at_most", 10.1, False),
        ):
            with self.subTest(direction=direction, value=value):
                self.measurable.direction = direction
                entry.value = value
                self.assertEqual(entry.is_on_target, is_on_target)

    def test_three_weeks_off_target_in_a_row_need_attention(self):
        # Reported late and out of order: the weeks count, not the order of entry.
        for week, value in ((0, 5), (3, 5), (2, 5)):
            self._report(MONDAY + timedelta(weeks=week), value)
        good = self._report(MONDAY + timedelta(weeks=1), 12)
        self.assertEqual(self.measurable.weeks_off_target, 2)
        self.assertFalse(self.measurable.needs_attention)
        good.value = 8
        self.assertEqual(self.measurable.weeks_off_target, 4)
        self.assertTrue(self.measurable.needs_attention)
        self._report(MONDAY + timedelta(weeks=4), 11)
        self.assertEqual(self.measurable.last_value, 11)
        self.assertFalse(self.measurable.needs_attention)

    def test_week_has_one_value(self):
        entry = self._report(MONDAY + timedelta(days=2), 10)
        self.assertEqual(entry.week_start, MONDAY)
        for days in (0, 6):
            with self.subTest(days=days), self.assertRaises(ValidationError):
                self._report(MONDAY + timedelta(days=days), 10)
        self.assertTrue(self._report(MONDAY + timedelta(days=7), 10))

    def test_week_to_come_has_no_value(self):
        today = fields.Date.context_today(self.measurable)
        self.assertTrue(self._report(today, 10))
        with self.assertRaises(ValidationError):
            self._report(today + timedelta(days=7), 10)
