# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class EvvClient(models.Model):
    _inherit = "evv.client"

    geofence_m = fields.Integer(
        string="Geofence (m)",
        default=150,
        help="A check-in further away from the home than this is an exception.",
    )
    visit_ids = fields.One2many("evv.visit", "client_id", string="Visits")
    visit_count = fields.Integer(compute="_compute_visit_count")

    @api.depends("visit_ids")
    def _compute_visit_count(self):
        counts = dict(
            self.env["evv.visit"]._read_group(
                [("client_id", "in", self.ids)], ["client_id"], ["__count"]
            )
        )
        for client in self:
            client.visit_count = counts.get(client._origin, 0)

    @api.constrains("geofence_m")
    def _check_geofence(self):
        for client in self:
            if client.geofence_m <= 0:
                raise ValidationError(
                    self.env._("The geofence of %s must be positive.", client.name)
                )

    def action_open_visits(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Visits"),
            "res_model": "evv.visit",
            "view_mode": "list,form",
            "domain": [("client_id", "=", self.id)],
            "context": {"default_client_id": self.id},
        }
