# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

EARTH_RADIUS_M = 6_371_000
# Payers accept a check-in a quarter of an hour before or after the plan.
SCHEDULE_TOLERANCE = timedelta(minutes=15)


def distance_m(latitude, longitude, other_latitude, other_longitude):
    """Return the great-circle distance of two positions in metres."""
    lat, lon, other_lat, other_lon = map(
        radians, (latitude, longitude, other_latitude, other_longitude)
    )
    chord = (
        sin((other_lat - lat) / 2) ** 2
        + cos(lat) * cos(other_lat) * sin((other_lon - lon) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * asin(sqrt(chord))


class EvvVisit(models.Model):
    """A visit, with the evidence that it took place.

    The evidence (times, position) is written by the two check actions only, with the
    rights of the system: caregivers may read their visits and not write them, so that
    nobody can improve a record afterwards through the RPC interface.
    """

    _name = "evv.visit"
    _description = "EVV Visit"
    _rec_name = "reference"
    _order = "scheduled_start desc, id desc"

    reference = fields.Char(readonly=True, copy=False, index=True)
    client_id = fields.Many2one(
        "evv.client", required=True, index=True, ondelete="restrict"
    )
    caregiver_id = fields.Many2one(
        "evv.caregiver",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('client_ids', '=', client_id)]",
    )
    service = fields.Selection(
        [
            ("personal", "Personal Care"),
            ("homemaker", "Homemaker"),
            ("respite", "Respite"),
            ("nursing", "Nursing"),
        ],
        required=True,
        default="personal",
    )
    scheduled_start = fields.Datetime(required=True)
    scheduled_end = fields.Datetime(required=True)
    scheduled_hours = fields.Float(compute="_compute_scheduled_hours", store=True)
    is_cancelled = fields.Boolean(string="Cancelled", readonly=True, copy=False)

    check_in = fields.Datetime(readonly=True, copy=False)
    check_in_latitude = fields.Float(
        digits=(10, 7), readonly=True, copy=False, aggregator=None
    )
    check_in_longitude = fields.Float(
        digits=(10, 7), readonly=True, copy=False, aggregator=None
    )
    check_in_distance = fields.Integer(
        string="Distance (m)", readonly=True, copy=False, aggregator="avg"
    )
    position_check = fields.Selection(
        [
            ("unknown", "Unknown"),
            ("inside", "Inside the Geofence"),
            ("outside", "Outside the Geofence"),
        ],
        readonly=True,
        copy=False,
        help="Decided at check-in and kept: a client who moves later does not change "
        "what was true then.",
    )
    check_out = fields.Datetime(readonly=True, copy=False)
    duration = fields.Float(
        string="Duration (h)", compute="_compute_duration", store=True
    )

    state = fields.Selection(
        [
            ("scheduled", "Scheduled"),
            ("in_progress", "In Progress"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
    )
    exception_reason = fields.Selection(
        [
            ("position_unknown", "Position Unknown"),
            ("outside", "Outside the Geofence"),
            ("off_schedule", "Off Schedule"),
        ],
        compute="_compute_verification",
        store=True,
    )
    verification = fields.Selection(
        [
            ("pending", "Pending"),
            ("verified", "Verified"),
            ("exception", "Exception"),
        ],
        compute="_compute_verification",
        store=True,
        index=True,
    )
    verification_note = fields.Text(copy=False)
    verified_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    verified_on = fields.Datetime(readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("reference"):
                vals["reference"] = self.env["ir.sequence"].next_by_code("evv.visit")
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        if self.filtered("check_in"):
            raise UserError(
                self.env._("A visit which was started is evidence, and is kept.")
            )

    @api.depends("scheduled_start", "scheduled_end")
    def _compute_scheduled_hours(self):
        for visit in self:
            visit.scheduled_hours = self._hours_between(
                visit.scheduled_start, visit.scheduled_end
            )

    @api.depends("check_in", "check_out")
    def _compute_duration(self):
        for visit in self:
            visit.duration = self._hours_between(visit.check_in, visit.check_out)

    @api.depends("is_cancelled", "check_in", "check_out")
    def _compute_state(self):
        """The state follows the evidence, so the two cannot contradict each other."""
        for visit in self:
            if visit.is_cancelled:
                visit.state = "cancelled"
            elif visit.check_out:
                visit.state = "done"
            elif visit.check_in:
                visit.state = "in_progress"
            else:
                visit.state = "scheduled"

    @api.depends(
        "state", "check_in", "scheduled_start", "position_check", "verified_by_id"
    )
    def _compute_verification(self):
        for visit in self:
            reason = visit._get_exception_reason()
            visit.exception_reason = reason
            if visit.state != "done":
                visit.verification = "pending"
            elif reason and not visit.verified_by_id:
                visit.verification = "exception"
            else:
                visit.verification = "verified"

    @api.model
    def _hours_between(self, start, end):
        if not start or not end:
            return 0.0
        return (end - start).total_seconds() / 3600

    def _get_exception_reason(self):
        """Return the gravest reason not to believe this visit, or False."""
        self.ensure_one()
        if not self.check_in:
            return False
        if self.position_check == "unknown":
            return "position_unknown"
        if self.position_check == "outside":
            return "outside"
        if abs(self.check_in - self.scheduled_start) > SCHEDULE_TOLERANCE:
            return "off_schedule"
        return False

    @api.constrains("scheduled_start", "scheduled_end", "check_in", "check_out")
    def _check_order_of_times(self):
        for visit in self:
            if visit.scheduled_end <= visit.scheduled_start:
                raise ValidationError(
                    self.env._("The visit %s ends before it starts.", visit.reference)
                )
            if visit.check_out and not (
                visit.check_in and visit.check_in <= visit.check_out
            ):
                raise ValidationError(
                    self.env._("The visit %s has no valid check-in.", visit.reference)
                )

    @api.constrains("client_id", "caregiver_id")
    def _check_assigned(self):
        for visit in self:
            if visit.caregiver_id not in visit.client_id.caregiver_ids:
                raise ValidationError(
                    self.env._(
                        "%(caregiver)s is not assigned to %(client)s.",
                        caregiver=visit.caregiver_id.name,
                        client=visit.client_id.name,
                    )
                )

    @api.constrains("caregiver_id", "scheduled_start", "scheduled_end", "is_cancelled")
    def _check_no_overlap(self):
        """A caregiver is at one place at a time; the end itself is exclusive."""
        visits = self.sudo()
        for visit in visits.filtered(lambda visit: not visit.is_cancelled):
            other = visits.search(
                [
                    ("id", "!=", visit.id),
                    ("caregiver_id", "=", visit.caregiver_id.id),
                    ("is_cancelled", "=", False),
                    ("scheduled_start", "<", visit.scheduled_end),
                    ("scheduled_end", ">", visit.scheduled_start),
                ],
                limit=1,
            )
            if other:
                raise ValidationError(
                    self.env._(
                        "The visits %(visit)s and %(other)s overlap.",
                        visit=visit.reference,
                        other=other.reference,
                    )
                )

    def action_check_in(self, latitude=0.0, longitude=0.0):
        """Start the visit now, at the position which the device reports.

        The web client knows no position and reports none; such a visit has to be
        verified by a coordinator.
        """
        self.ensure_one()
        self.check_access("read")
        visit = self.sudo()
        if visit.state != "scheduled":
            raise UserError(self.env._("Only a scheduled visit can be started."))
        visit.write(
            {
                "check_in": fields.Datetime.now(),
                **visit._get_position_values(latitude, longitude),
            }
        )

    def action_check_out(self):
        self.ensure_one()
        self.check_access("read")
        visit = self.sudo()
        if visit.state != "in_progress":
            raise UserError(self.env._("Only a visit in progress can be ended."))
        visit.check_out = fields.Datetime.now()

    def action_cancel(self):
        if self.filtered("check_in"):
            raise UserError(self.env._("A started visit cannot be cancelled."))
        self.is_cancelled = True

    def action_verify(self):
        """Accept an exception, with a reason, in the name of the user."""
        if not self.env.user.has_group("evv_core.group_evv_coordinator"):
            raise AccessError(self.env._("Only coordinators verify visits."))
        for visit in self:
            if visit.verification != "exception":
                raise UserError(self.env._("%s is no exception.", visit.reference))
            if not visit.verification_note:
                raise UserError(
                    self.env._("Say in the note why %s is right.", visit.reference)
                )
        self.write(
            {"verified_by_id": self.env.uid, "verified_on": fields.Datetime.now()}
        )

    def _get_position_values(self, latitude, longitude):
        self.ensure_one()
        client = self.client_id
        if not client.has_position or not (latitude or longitude):
            return {"position_check": "unknown"}
        distance = distance_m(latitude, longitude, client.latitude, client.longitude)
        return {
            "check_in_latitude": latitude,
            "check_in_longitude": longitude,
            "check_in_distance": round(distance),
            "position_check": "inside" if distance <= client.geofence_m else "outside",
        }
