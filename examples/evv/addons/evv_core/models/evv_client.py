# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class EvvClient(models.Model):
    _name = "evv.client"
    _description = "EVV Client"
    _order = "name, id"
    _rec_names_search = ["name", "reference"]

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    reference = fields.Char(readonly=True, copy=False, index=True)
    member_number = fields.Char(
        copy=False, index=True, help="The number of the client with the payer."
    )
    birth_date = fields.Date()
    age = fields.Integer(compute="_compute_age")
    street = fields.Char()
    zip = fields.Char()
    city = fields.Char()
    latitude = fields.Float(digits=(10, 7), aggregator=None)
    longitude = fields.Float(digits=(10, 7), aggregator=None)
    has_position = fields.Boolean(compute="_compute_has_position")
    caregiver_ids = fields.Many2many(
        "evv.caregiver",
        relation="evv_client_caregiver_rel",
        column1="client_id",
        column2="caregiver_id",
        string="Caregivers",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("reference"):
                vals["reference"] = self.env["ir.sequence"].next_by_code("evv.client")
        return super().create(vals_list)

    @api.depends("name", "reference")
    def _compute_display_name(self):
        for client in self:
            name = client.name or ""
            client.display_name = (
                f"[{client.reference}] {name}" if client.reference else name
            )

    @api.depends("birth_date")
    def _compute_age(self):
        """Not stored: the age changes without any write."""
        today = fields.Date.context_today(self)
        for client in self:
            client.age = client._age_on(today)

    @api.depends("latitude", "longitude")
    def _compute_has_position(self):
        """A float has no NULL in Odoo: 0/0, in the Atlantic, means unknown."""
        for client in self:
            client.has_position = bool(client.latitude or client.longitude)

    def _age_on(self, day):
        """Return the age in full years on ``day``, 0 when it is not known."""
        self.ensure_one()
        if not self.birth_date or self.birth_date > day:
            return 0
        return relativedelta(day, self.birth_date).years

    @api.constrains("birth_date")
    def _check_birth_date(self):
        today = fields.Date.context_today(self)
        for client in self:
            if client.birth_date and client.birth_date > today:
                raise ValidationError(
                    self.env._("The birth date of %s is in the future.", client.name)
                )

    @api.constrains("latitude", "longitude")
    def _check_position(self):
        for client in self:
            if abs(client.latitude) > 90 or abs(client.longitude) > 180:
                raise ValidationError(
                    self.env._("The position of %s is not on earth.", client.name)
                )

    @api.constrains("member_number")
    def _check_member_number(self):
        """Two clients with one member number would be billed as one person.

        Archived clients count too, and so do those which the user may not see.
        """
        clients = self.sudo().with_context(active_test=False)
        for client in clients.filtered("member_number"):
            domain = [
                ("member_number", "=", client.member_number),
                ("id", "!=", client.id),
            ]
            if clients.search_count(domain, limit=1):
                raise ValidationError(
                    self.env._(
                        "The member number %s is already in use.", client.member_number
                    )
                )
