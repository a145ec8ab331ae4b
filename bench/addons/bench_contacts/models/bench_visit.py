from odoo import api, fields, models


class BenchVisit(models.Model):
    _name = "bench.visit"
    _description = "Visit"
    _inherit = ["mail.thread"]

    partner_id = fields.Many2one("res.partner", required=True)
    employee_id = fields.Many2one("hr.employee", required=True, tracking=True)
    name = fields.Char(compute="_compute_name")

    @api.depends("partner_id.name", "employee_id.name")
    def _compute_name(self):
        for visit in self:
            visit.name = f"{visit.employee_id.name} at {visit.partner_id.name}"
