# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, timedelta

from odoo import fields

from odoo.addons.evv_core.tests.common import EvvCommon


class VisitCommon(EvvCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start = datetime(2024, 5, 6, 8, 0)
        cls.visit = cls._create_visit()

    @classmethod
    def _create_visit(cls, start=None, hours=2, **vals):
        start = start or cls.start
        return cls.env["evv.visit"].create(
            {
                "client_id": cls.client.id,
                "caregiver_id": cls.caregiver.id,
                "scheduled_start": start,
                "scheduled_end": start + timedelta(hours=hours),
                **vals,
            }
        )

    def _plan_for_now(self, visit, late_by=timedelta(0)):
        """Move ``visit`` so that a check-in made now comes ``late_by`` too late.

        The clock is left alone: a frozen clock would have to be frozen in the
        database too.
        """
        start = fields.Datetime.now() - late_by
        visit.write(
            {"scheduled_start": start, "scheduled_end": start + timedelta(hours=2)}
        )
