# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from itertools import takewhile

from odoo import api, fields, models

# One bad week is noise; after three in a row the team has to talk about it.
WEEKS_UNTIL_ATTENTION = 3


class TractionMeasurable(models.Model):
    """A number on the scorecard, reported once a week."""

    _name = "traction.measurable"
    _description = "Measurable"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    owner_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        default=lambda self: self.env.user,
    )
    goal_id = fields.Many2one("traction.goal", index=True, ondelete="set null")
    unit = fields.Char()
    direction = fields.Selection(
        [("at_least", "At Least"), ("at_most", "At Most")],
        required=True,
        default="at_least",
    )
    target = fields.Float(required=True, aggregator=None)
    entry_ids = fields.One2many(
        "traction.measurable.entry", "measurable_id", string="Weeks"
    )
    last_value = fields.Float(
        compute="_compute_trend", store=True, readonly=True, aggregator=None
    )
    weeks_off_target = fields.Integer(
        compute="_compute_trend",
        store=True,
        aggregator="max",
        help="The number of weeks off the target in a row, up to the last one.",
    )
    needs_attention = fields.Boolean(compute="_compute_trend", store=True)

    @api.depends("entry_ids.week_start", "entry_ids.value", "entry_ids.is_on_target")
    def _compute_trend(self):
        for measurable in self:
            # Sorted here: new lines of a form are not in the order of the model.
            entries = measurable.entry_ids.filtered("week_start").sorted(
                "week_start", reverse=True
            )
            weeks_off = list(takewhile(lambda entry: not entry.is_on_target, entries))
            measurable.last_value = entries[:1].value
            measurable.weeks_off_target = len(weeks_off)
            measurable.needs_attention = len(weeks_off) >= WEEKS_UNTIL_ATTENTION

    def _is_on_target(self, value):
        self.ensure_one()
        if self.direction == "at_most":
            return value <= self.target
        return value >= self.target
