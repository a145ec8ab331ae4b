# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import date, timedelta

from odoo.exceptions import ValidationError
from odoo.tests import Form

from .common import ComplianceCommon


class TestDocument(ComplianceCommon):
    def test_state_follows_the_calendar(self):
        document = self._create_document(
            issue_date=date(2023, 6, 30), expiry_date=date(2024, 6, 30)
        )
        for day, state in (
            (date(2024, 5, 30), "valid"),
            (date(2024, 5, 31), "expiring"),
            (date(2024, 6, 30), "expiring"),
            (date(2024, 7, 1), "expired"),
        ):
            with self.subTest(day=day):
                self.assertEqual(document._get_state_on(day), state)
        document.expiry_date = False
        self.assertEqual(document._get_state_on(date(2124, 1, 1)), "valid")

    def test_form_proposes_the_expiry_and_accepts_another_one(self):
        form = Form(self.env["hub.compliance.document"].with_user(self.officer))
        form.employee_id = self.employee
        form.type_id = self.document_type
        form.issue_date = date(2024, 2, 29)
        self.assertEqual(form.expiry_date, date(2025, 2, 28))
        self.assertEqual(form.state, "expired")
        form.expiry_date = date(2025, 3, 31)
        self.assertEqual(form.save().expiry_date, date(2025, 3, 31))

    def test_type_that_changes_leaves_documents_alone(self):
        document = self._create_document(issue_date=date(2024, 1, 1))
        self.document_type.validity_months = 6
        self.assertEqual(document.expiry_date, date(2025, 1, 1))

    def test_impossible_documents_are_refused(self):
        self._create_document(number="L-1").active = False
        for vals in (
            {"number": "L-1"},
            {"issue_date": date(2024, 1, 2), "expiry_date": date(2024, 1, 1)},
        ):
            with self.subTest(**vals), self.assertRaises(ValidationError):
                self._create_document(**vals)

    def test_cron_asks_for_the_renewal_once(self):
        document = self._create_document(
            issue_date=self.today, expiry_date=self.today + timedelta(days=10)
        )
        self.assertEqual(document.state, "expiring")
        # What the database holds when the last run was more than 20 days ago.
        document.state = "valid"
        for _run in range(2):
            self.env["hub.compliance.document"]._cron_update_state()
        self.assertEqual(document.state, "expiring")
        self.assertEqual(len(document.activity_ids), 1)
        self.assertEqual(document.activity_ids.user_id, self.officer)
        self.assertEqual(document.activity_ids.date_deadline, document.expiry_date)

    def test_renewal_replaces_the_document(self):
        document = self._create_document(
            number="L-1", issue_date=date(2020, 1, 1), expiry_date=date(2021, 1, 1)
        )
        document._schedule_renewal()
        action = document.action_renew()
        renewed = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(self.employee.compliance_document_ids, renewed)
        self.assertEqual(renewed.state, "valid")
        self.assertFalse(renewed.number)
        self.assertFalse(document.active)
        self.assertFalse(document.activity_ids)
