# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import date_utils


class TractionMeasurableEntry(models.Model):
    _name = "traction.measurable.entry"
    _description = "Week of a Measurable"
    _order = "week_start desc, id desc"

    measurable_id = fields.Many2one(
        "traction.measurable", required=True, index=True, ondelete="cascade"
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    week_start = fields.Date(
        string="Week", compute="_compute_week_start", store=True, index=True
    )
    value = fields.Float(required=True, aggregator="avg")
    is_on_target = fields.Boolean(
        string="On Target", compute="_compute_is_on_target", store=True
    )

    @api.depends("date")
    def _compute_week_start(self):
        """Weeks start on Monday for everybody, whatever the language of the user."""
        for entry in self:
            entry.week_start = entry.date and date_utils.start_of(entry.date, "week")

    @api.depends("value", "measurable_id.target", "measurable_id.direction")
    def _compute_is_on_target(self):
        for entry in self:
            measurable = entry.measurable_id
            entry.is_on_target = bool(measurable) and measurable._is_on_target(
                entry.value
            )

    @api.constrains("date")
    def _check_date(self):
        today = fields.Date.context_today(self)
        for entry in self:
            if entry.date > today:
                raise ValidationError(
                    self.env._("The week of %s has not come yet.", entry.date)
                )

    @api.constrains("measurable_id", "date")
    def _check_one_per_week(self):
        for entry in self:
            domain = [
                ("measurable_id", "=", entry.measurable_id.id),
                ("week_start", "=", entry.week_start),
                ("id", "!=", entry.id),
            ]
            if self.sudo().search_count(domain, limit=1):
                raise ValidationError(
                    self.env._(
                        "%(measurable)s has a value for the week of %(week)s already.",
                        measurable=entry.measurable_id.name,
                        week=entry.week_start,
                    )
                )
