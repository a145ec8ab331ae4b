# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import ValidationError

from .common import EvvCommon


class TestCaregiver(EvvCommon):
    def test_npi_with_a_right_check_digit_is_accepted(self):
        self.caregiver.npi = "1234567893"
        self.assertEqual(self.caregiver.npi, "1234567893")

    def test_npi_that_is_malformed_is_refused(self):
        for npi in ("1234567890", "123456789", "12345678930", "12345678X3"):
            with self.subTest(npi=npi), self.assertRaises(ValidationError):
                self.caregiver.npi = npi

    def test_npi_and_user_are_unique_even_when_archived(self):
        self.caregiver.write({"npi": "1234567893", "active": False})
        for vals in ({"npi": "1234567893"}, {"user_id": self.caregiver_user.id}):
            with self.subTest(**vals), self.assertRaises(ValidationError):
                self.other_caregiver.write(vals)
