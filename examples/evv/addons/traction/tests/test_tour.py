# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestTour(HttpCase):
    def test_todo_is_written_down_in_the_list(self):
        self.start_tour(
            "/odoo/action-traction.action_traction_todo", "traction_todo", login="admin"
        )
        todo = self.env["traction.todo"].search([("name", "=", "Call the auditor")])
        self.assertEqual(todo.owner_id, self.env.ref("base.user_admin"))
