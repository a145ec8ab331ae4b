# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import HttpCase, new_test_user, tagged

# A year of its own: the database may hold rocks already when these tests run.
YEAR = 1999


@tagged("post_install", "-at_install")
class TestScorecard(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            login="scorecard_user",
            password="scorecard_user",
            groups="base.group_user",
        )
        cls.env["traction.rock"].create(
            [
                {
                    "name": state,
                    "owner_id": cls.user.id,
                    "year": YEAR,
                    "quarter": "3",
                    "state": state,
                }
                for state in ("on_track", "done", "done", "dropped")
            ]
        )

    def test_scorecard_counts_the_rocks_of_the_quarter(self):
        self.authenticate("scorecard_user", "scorecard_user")
        response = self.url_open(f"/traction/scorecard?year={YEAR}&quarter=3")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            response.json(),
            {
                "year": YEAR,
                "quarter": "3",
                "rocks": 4,
                "states": {"on_track": 1, "off_track": 0, "done": 2, "dropped": 1},
                "progress": 66.7,
            },
        )
        response = self.url_open(f"/traction/scorecard?year={YEAR}&quarter=4")
        self.assertEqual(response.json()["rocks"], 0)
        self.assertEqual(response.json()["progress"], 0.0)

    def test_quarter_that_does_not_exist_is_a_bad_request(self):
        self.authenticate("scorecard_user", "scorecard_user")
        for query in ("year=1999&quarter=5", "year=99&quarter=3", "quarter=3", ""):
            with self.subTest(query=query):
                response = self.url_open(f"/traction/scorecard?{query}")
                self.assertEqual(response.status_code, 400)

    def test_visitor_has_to_log_in(self):
        response = self.url_open(
            f"/traction/scorecard?year={YEAR}&quarter=3", allow_redirects=False
        )
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login", response.headers["Location"])
