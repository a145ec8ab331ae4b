# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import VisitCommon


@tagged("post_install", "-at_install")
class TestAccess(VisitCommon):
    def test_caregiver_checks_in_and_out_without_write_access(self):
        visit = self.visit.with_user(self.caregiver_user)
        with self.assertRaises(AccessError):
            visit.write({"check_in": self.start})
        visit.action_check_in()
        visit.action_check_out()
        self.assertEqual(visit.state, "done")

    def test_exception_is_verified_by_a_coordinator_with_a_note(self):
        self.visit.action_check_in()
        self.visit.action_check_out()
        as_coordinator = self.visit.with_user(self.coordinator_user)
        with self.assertRaises(UserError):
            as_coordinator.action_verify()
        as_coordinator.verification_note = "Confirmed by telephone"
        with self.assertRaises(AccessError):
            self.visit.with_user(self.caregiver_user).action_verify()
        self.assertEqual(self.visit.verification, "exception")
        as_coordinator.action_verify()
        self.assertEqual(self.visit.verification, "verified")
        self.assertEqual(self.visit.verified_by_id, self.coordinator_user)

    def test_caregiver_neither_sees_nor_starts_visits_of_others(self):
        other = self._create_visit(
            client_id=self.other_client.id, caregiver_id=self.other_caregiver.id
        )
        Visit = self.env["evv.visit"].with_user(self.caregiver_user)
        self.assertEqual(
            Visit.search([("id", "in", (self.visit | other).ids)]), self.visit
        )
        with self.assertRaises(AccessError):
            other.with_user(self.caregiver_user).action_check_in()
