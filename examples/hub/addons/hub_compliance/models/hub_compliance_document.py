# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HubComplianceDocument(models.Model):
    """A certificate of an employee.

    The state depends on the day. It is stored all the same, so that it can be searched
    and tracked; a scheduled action brings it up to date every night.
    """

    _name = "hub.compliance.document"
    _description = "Compliance Document"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "expiry_date, id"
    _check_company_auto = True

    active = fields.Boolean(default=True)
    employee_id = fields.Many2one(
        "hr.employee",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        tracking=True,
    )
    company_id = fields.Many2one(
        related="employee_id.company_id", store=True, index=True
    )
    type_id = fields.Many2one(
        "hub.compliance.type", required=True, index=True, ondelete="restrict"
    )
    number = fields.Char(copy=False, tracking=True)
    issue_date = fields.Date(
        required=True, default=fields.Date.context_today, tracking=True
    )
    expiry_date = fields.Date(
        compute="_compute_expiry_date",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
        help="Proposed from the type; what is printed on the document prevails.",
    )
    state = fields.Selection(
        [("valid", "Valid"), ("expiring", "Expiring"), ("expired", "Expired")],
        compute="_compute_state",
        store=True,
        index=True,
        tracking=True,
    )

    @api.depends("type_id.name", "number")
    def _compute_display_name(self):
        for document in self:
            name = document.type_id.name or ""
            document.display_name = (
                f"{name} ({document.number})" if document.number else name
            )

    @api.depends("type_id", "issue_date")
    def _compute_expiry_date(self):
        """Not triggered by the validity of the type, which may change later on.

        A document that was issued keeps the date which it was issued with.
        """
        for document in self:
            months = document.type_id.validity_months
            document.expiry_date = (
                document.issue_date + relativedelta(months=months)
                if months and document.issue_date
                else False
            )

    @api.depends("expiry_date", "type_id.reminder_days")
    def _compute_state(self):
        today = fields.Date.context_today(self)
        for document in self:
            document.state = document._get_state_on(today)

    def _get_state_on(self, day):
        """Return the state on ``day``; the day of expiry itself is still valid."""
        self.ensure_one()
        if not self.expiry_date:
            return "valid"
        if self.expiry_date < day:
            return "expired"
        reminder = timedelta(days=self.type_id.reminder_days)
        return "expiring" if self.expiry_date - reminder <= day else "valid"

    @api.constrains("issue_date", "expiry_date")
    def _check_dates(self):
        for document in self:
            if document.expiry_date and document.expiry_date < document.issue_date:
                raise ValidationError(
                    self.env._("%s expires before it is issued.", document.display_name)
                )

    @api.constrains("number", "type_id")
    def _check_number(self):
        """One number on two documents of a type is a typing error or a forgery."""
        documents = self.sudo().with_context(active_test=False)
        for document in documents.filtered("number"):
            domain = [
                ("type_id", "=", document.type_id.id),
                ("number", "=", document.number),
                ("id", "!=", document.id),
            ]
            if documents.search_count(domain, limit=1):
                raise ValidationError(
                    self.env._("%s is registered already.", document.display_name)
                )

    def action_renew(self):
        """Archive the document, and open a new one which is issued today."""
        self.ensure_one()
        renewed = self.copy({"issue_date": fields.Date.context_today(self)})
        self.activity_unlink(["mail.mail_activity_data_todo"])
        self.active = False
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": renewed.id,
            "view_mode": "form",
        }

    @api.model
    def _cron_update_state(self):
        """Let the states follow the calendar, and ask for renewal once."""
        documents = self.search(
            [("expiry_date", "!=", False), ("state", "!=", "expired")]
        )
        states = {document: document.state for document in documents}
        self.env.add_to_compute(self._fields["state"], documents)
        for document, state in states.items():
            if state == "valid" and document.state != state:
                document._schedule_renewal()

    def _schedule_renewal(self):
        self.ensure_one()
        responsible = self.type_id.responsible_id
        if responsible:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=self.expiry_date,
                summary=self.env._("Renew %s", self.display_name),
                user_id=responsible.id,
            )
