from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestPage(HttpCase):
    def test_the_login_page_is_there(self):
        self.assertEqual(self.url_open("/web/login").status_code, 200)

    def test_the_web_client_is_there(self):
        self.authenticate("admin", "admin")
        self.assertEqual(self.url_open("/odoo").status_code, 200)
