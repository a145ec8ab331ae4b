# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError

# The NPI is the last ten digits of a card number with the prefix 80840 (US health
# applications); the prefix adds this constant to the Luhn sum.
NPI_PREFIX_LUHN_SUM = 24
NPI_LENGTH = 10


def is_valid_npi(npi):
    """Tell whether ``npi`` is a well-formed National Provider Identifier.

    A mistyped NPI is rejected by the payer weeks after the visit, so it is worth
    checking the check digit when it is typed.
    """
    if len(npi) != NPI_LENGTH or not (npi.isascii() and npi.isdigit()):
        return False
    total = NPI_PREFIX_LUHN_SUM
    for position, digit in enumerate(map(int, reversed(npi))):
        if position % 2:
            digit *= 2
        total += digit // 10 + digit % 10
    return total % 10 == 0


class EvvCaregiver(models.Model):
    _name = "evv.caregiver"
    _description = "EVV Caregiver"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    user_id = fields.Many2one(
        "res.users",
        string="User",
        index=True,
        copy=False,
        help="The login with which the caregiver records visits.",
    )
    npi = fields.Char(string="NPI", copy=False, help="National Provider Identifier")
    phone = fields.Char()
    client_ids = fields.Many2many(
        "evv.client",
        relation="evv_client_caregiver_rel",
        column1="caregiver_id",
        column2="client_id",
        string="Clients",
    )
    client_count = fields.Integer(compute="_compute_client_count")

    @api.depends("client_ids")
    def _compute_client_count(self):
        for caregiver in self:
            caregiver.client_count = len(caregiver.client_ids)

    @api.constrains("npi")
    def _check_npi(self):
        for caregiver in self.filtered("npi"):
            if not is_valid_npi(caregiver.npi):
                raise ValidationError(
                    self.env._("%(npi)s is not a valid NPI.", npi=caregiver.npi)
                )

    @api.constrains("npi", "user_id")
    def _check_unique(self):
        """Keep NPI and user unique, archived caregivers included.

        Written in Python because the declaration of SQL constraints differs between
        Odoo 18 (``_sql_constraints``) and 19 (``models.Constraint``).
        """
        caregivers = self.sudo().with_context(active_test=False)
        for caregiver in caregivers:
            for fname in ("npi", "user_id"):
                value = caregiver[fname]
                if not value:
                    continue
                value = value if fname == "npi" else value.id
                domain = [(fname, "=", value), ("id", "!=", caregiver.id)]
                other = caregivers.search(domain, limit=1)
                if other:
                    raise ValidationError(
                        self.env._(
                            "%(name)s already has this NPI or user.", name=other.name
                        )
                    )
