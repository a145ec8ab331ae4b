# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import date_utils

# More goals than this and none of them is a priority.
MAX_ROCKS_PER_QUARTER = 7


class TractionRock(models.Model):
    """A goal which one person has to reach in one quarter."""

    _name = "traction.rock"
    _description = "Rock"
    _order = "date_end desc, name, id"

    name = fields.Char(required=True)
    description = fields.Text()
    owner_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        default=lambda self: self.env.user,
    )
    year = fields.Integer(
        required=True,
        aggregator=None,
        default=lambda self: fields.Date.context_today(self).year,
    )
    quarter = fields.Selection(
        [("1", "Q1"), ("2", "Q2"), ("3", "Q3"), ("4", "Q4")],
        required=True,
        default=lambda self: str(
            date_utils.get_quarter_number(fields.Date.context_today(self))
        ),
    )
    date_start = fields.Date(compute="_compute_dates", store=True)
    date_end = fields.Date(compute="_compute_dates", store=True)
    state = fields.Selection(
        [
            ("on_track", "On Track"),
            ("off_track", "Off Track"),
            ("done", "Done"),
            ("dropped", "Dropped"),
        ],
        required=True,
        default="on_track",
        copy=False,
        index=True,
    )
    milestone_ids = fields.One2many(
        "traction.milestone", "rock_id", string="Milestones", copy=True
    )
    progress = fields.Float(
        string="Progress (%)", compute="_compute_progress", store=True, aggregator="avg"
    )
    issue_ids = fields.One2many("traction.issue", "rock_id", string="Issues")
    open_issue_count = fields.Integer(compute="_compute_open_issue_count")

    @api.depends("year", "quarter")
    def _compute_dates(self):
        for rock in self:
            # A form in which the year is being typed holds years which no date has.
            if rock.quarter and 1 <= rock.year <= 9999:
                first_month = 3 * int(rock.quarter) - 2
                rock.date_start, rock.date_end = date_utils.get_quarter(
                    date(rock.year, first_month, 1)
                )
            else:
                rock.date_start = rock.date_end = False

    @api.depends("state", "milestone_ids.is_done")
    def _compute_progress(self):
        for rock in self:
            milestones = rock.milestone_ids
            if rock.state == "done":
                rock.progress = 100.0
            elif milestones:
                done = len(milestones.filtered("is_done"))
                rock.progress = 100.0 * done / len(milestones)
            else:
                rock.progress = 0.0

    @api.depends("issue_ids.state")
    def _compute_open_issue_count(self):
        for rock in self:
            issues = rock.issue_ids.filtered(lambda issue: issue.state == "open")
            rock.open_issue_count = len(issues)

    @api.constrains("year")
    def _check_year(self):
        for rock in self:
            if not rock.date_start:
                raise ValidationError(self.env._("%s is not a year.", rock.year))

    @api.constrains("owner_id", "year", "quarter", "state")
    def _check_number_of_rocks(self):
        """Dropping a rock makes room for another one, finishing it does not."""
        rocks = self.sudo()
        for rock in rocks:
            count = rocks.search_count(
                [
                    ("owner_id", "=", rock.owner_id.id),
                    ("year", "=", rock.year),
                    ("quarter", "=", rock.quarter),
                    ("state", "!=", "dropped"),
                ]
            )
            if count > MAX_ROCKS_PER_QUARTER:
                raise ValidationError(
                    self.env._(
                        "%(owner)s has %(max)s rocks in this quarter already.",
                        owner=rock.owner_id.name,
                        max=MAX_ROCKS_PER_QUARTER,
                    )
                )

    @api.constrains("state", "milestone_ids")
    def _check_done(self):
        for rock in self:
            if rock.state == "done" and not all(rock.milestone_ids.mapped("is_done")):
                raise ValidationError(
                    self.env._("%s has open milestones: it is not done.", rock.name)
                )

    def action_done(self):
        self.state = "done"

    @api.model
    def get_scorecard(self, year, quarter):
        """Return how many rocks of the quarter are in which state, and the progress.

        Dropped rocks are counted, but do not lower the progress.
        """
        domain = [("year", "=", year), ("quarter", "=", quarter)]
        counts = dict(self._read_group(domain, ["state"], ["__count"]))
        [[progress]] = self._read_group(
            domain + [("state", "!=", "dropped")], [], ["progress:avg"]
        )
        states = dict(self._fields["state"].selection)
        return {
            "year": year,
            "quarter": quarter,
            "rocks": sum(counts.values()),
            "states": {state: counts.get(state, 0) for state in states},
            "progress": round(progress or 0.0, 1),
        }
