# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from ..models.evv_visit import distance_m
from .common import VisitCommon

AT_HOME = (40.7127281, -74.0060152)
# 0.001 degrees of latitude are 111 m.
NEXT_DOOR = (40.7137281, -74.0060152)
DOWN_THE_ROAD = (40.7147281, -74.0060152)
NOWHERE = (0.0, 0.0)


class TestVerification(VisitCommon):
    def test_distance_of_known_cities(self):
        paris, london = (48.8566, 2.3522), (51.5074, -0.1278)
        self.assertAlmostEqual(distance_m(*paris, *london), 343_600, delta=500)
        self.assertEqual(distance_m(*paris, *paris), 0)

    def test_verification_follows_position_and_schedule(self):
        late = timedelta(minutes=20)
        for position, late_by, reason in (
            (AT_HOME, timedelta(0), False),
            (NEXT_DOOR, timedelta(minutes=10), False),
            (DOWN_THE_ROAD, timedelta(0), "outside"),
            (NOWHERE, timedelta(0), "position_unknown"),
            (AT_HOME, late, "off_schedule"),
            (AT_HOME, -late, "off_schedule"),
            (NOWHERE, late, "position_unknown"),
        ):
            with self.subTest(position=position, late_by=late_by):
                # One caregiver could not make all these visits at the same time.
                caregiver = self.caregiver.copy()
                visit = self._create_visit(caregiver_id=caregiver.id)
                self._plan_for_now(visit, late_by)
                visit.action_check_in(*position)
                self.assertEqual(visit.verification, "pending")
                visit.action_check_out()
                self.assertEqual(visit.exception_reason, reason)
                self.assertEqual(
                    visit.verification, "exception" if reason else "verified"
                )

    def test_client_who_moves_does_not_change_the_past(self):
        self._plan_for_now(self.visit)
        self.visit.action_check_in(*AT_HOME)
        self.visit.action_check_out()
        self.client.latitude += 1
        self.client.geofence_m = 1
        self.assertEqual(self.visit.verification, "verified")
        self.assertEqual(self.visit.check_in_distance, 0)
