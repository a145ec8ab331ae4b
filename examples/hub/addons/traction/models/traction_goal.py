# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TractionGoal(models.Model):
    """A goal of the company, of a team or of a person.

    Every goal but those of the company serves a goal of the level above. That also
    excludes cycles, which therefore need no check of their own.
    """

    _name = "traction.goal"
    _description = "Goal"
    _order = "level, name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    level = fields.Selection(
        [("1_company", "Company"), ("2_team", "Team"), ("3_person", "Person")],
        required=True,
        default="3_person",
        index=True,
    )
    owner_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        default=lambda self: self.env.user,
    )
    parent_id = fields.Many2one(
        "traction.goal", string="Serves", index=True, ondelete="restrict"
    )
    child_ids = fields.One2many("traction.goal", "parent_id", string="Served By")
    weight = fields.Integer(
        default=1,
        aggregator=None,
        help="How much this goal counts for the one it serves.",
    )
    own_progress = fields.Float(
        string="Reported Progress (%)",
        aggregator=None,
        help="Used as long as no other goal serves this one.",
    )
    progress = fields.Float(
        string="Progress (%)",
        compute="_compute_progress",
        store=True,
        recursive=True,
        aggregator="avg",
    )
    measurable_ids = fields.One2many("traction.measurable", "goal_id")

    def write(self, vals):
        """Apply the record rules to the result, too.

        Odoo looks at a record before it is written only, so a user could turn a goal of
        his own into one of the company. A constraint is no place for this: in Odoo 19
        constraints run with the rights of the system.
        """
        result = super().write(vals)
        self.check_access("write")
        return result

    @api.depends("own_progress", "child_ids.progress", "child_ids.weight")
    def _compute_progress(self):
        """Take the weighted mean of the goals below, else what the owner reports."""
        for goal in self:
            total = sum(goal.child_ids.mapped("weight"))
            if total:
                goal.progress = (
                    sum(child.progress * child.weight for child in goal.child_ids)
                    / total
                )
            else:
                goal.progress = goal.own_progress

    @api.depends("name", "parent_id.name")
    def _compute_display_name(self):
        for goal in self:
            parent = goal.parent_id
            name = goal.name or ""
            goal.display_name = f"{parent.name} / {name}" if parent else name

    @api.constrains("level", "parent_id")
    def _check_level(self):
        levels = [level for level, _label in self._fields["level"].selection]
        # A goal that changes its level may break the relation on either side.
        for goal in self | self.child_ids:
            rank = levels.index(goal.level)
            if not goal.parent_id:
                if rank:
                    raise ValidationError(
                        self.env._("%s has to serve another goal.", goal.name)
                    )
            elif levels.index(goal.parent_id.level) != rank - 1:
                raise ValidationError(
                    self.env._(
                        "%(goal)s cannot serve %(parent)s: it is not one level below.",
                        goal=goal.name,
                        parent=goal.parent_id.name,
                    )
                )

    @api.constrains("weight", "own_progress")
    def _check_numbers(self):
        for goal in self:
            if goal.weight < 1:
                raise ValidationError(
                    self.env._("The weight of %s must be at least 1.", goal.name)
                )
            if not 0 <= goal.own_progress <= 100:
                raise ValidationError(
                    self.env._(
                        "The progress of %s must be between 0 and 100.", goal.name
                    )
                )
