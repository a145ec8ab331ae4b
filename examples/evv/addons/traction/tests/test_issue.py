# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import ValidationError

from .common import TractionCommon


class TestIssue(TractionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issue = cls.env["traction.issue"].create(
            {"name": "Issue", "rock_id": cls.rock.id}
        )

    def test_issue_is_solved_by_a_todo(self):
        self.assertEqual(self.rock.open_issue_count, 1)
        with self.assertRaises(ValidationError):
            self.issue.action_solve()
        self.issue.todo_ids = [Command.create({"name": "To-do"})]
        self.issue.action_solve()
        self.assertEqual(self.issue.state, "solved")
        self.assertEqual(self.rock.open_issue_count, 0)

    def test_todo_is_overdue_after_its_day(self):
        todo = self.env["traction.todo"].create({"name": "To-do"})
        today = fields.Date.context_today(todo)
        self.assertEqual(todo.due_date, today + timedelta(days=7))
        for days, is_done, is_overdue in (
            (-1, False, True),
            (-1, True, False),
            (0, False, False),
            (1, False, False),
        ):
            with self.subTest(days=days, is_done=is_done):
                todo.write(
                    {"due_date": today + timedelta(days=days), "is_done": is_done}
                )
                self.assertEqual(todo.is_overdue, is_overdue)
