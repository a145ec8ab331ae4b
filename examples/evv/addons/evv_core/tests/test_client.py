# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tools import date_utils

from .common import EvvCommon


class TestClient(EvvCommon):
    def test_every_client_has_a_reference_of_its_own(self):
        copy = self.client.copy()
        references = (self.client | self.other_client | copy).mapped("reference")
        self.assertTrue(all(references))
        self.assertEqual(len(set(references)), 3)
        self.assertEqual(copy.display_name, f"[{copy.reference}] Client")
        found = self.env["evv.client"].name_search(copy.reference)
        self.assertEqual([record_id for record_id, _name in found], copy.ids)

    def test_age_counts_full_years(self):
        self.client.birth_date = date(1944, 2, 29)
        for day, age in (
            (date(2023, 2, 27), 78),
            (date(2023, 3, 1), 79),
            (date(2024, 2, 28), 79),
            (date(2024, 2, 29), 80),
            (date(1944, 2, 28), 0),
        ):
            with self.subTest(day=day):
                self.assertEqual(self.client._age_on(day), age)

    def test_impossible_values_are_refused(self):
        today = fields.Date.context_today(self.client)
        for vals in (
            {"birth_date": date_utils.add(today, days=1)},
            {"latitude": 90.1},
            {"latitude": -90.1},
            {"longitude": 180.1},
            {"longitude": -180.1},
        ):
            with self.subTest(**vals), self.assertRaises(ValidationError):
                self.client.write(vals)

    def test_member_number_is_unique_even_when_archived(self):
        self.client.write({"member_number": "M-1", "active": False})
        with self.assertRaises(ValidationError):
            self.other_client.member_number = "M-1"
