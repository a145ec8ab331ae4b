from odoo import api, fields, models
from odoo.exceptions import ValidationError


class BenchItem(models.Model):
    _name = "bench.item"
    _description = "Item"

    name = fields.Char(required=True)
    price = fields.Float()
    quantity = fields.Integer(default=1)
    total = fields.Float(compute="_compute_total", store=True)

    @api.depends("price", "quantity")
    def _compute_total(self):
        for item in self:
            item.total = item.price * item.quantity

    @api.constrains("quantity")
    def _check_quantity(self):
        if any(item.quantity < 0 for item in self):
            raise ValidationError(self.env._("There is no negative quantity."))
