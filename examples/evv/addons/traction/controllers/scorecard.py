# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re

from werkzeug.exceptions import BadRequest

from odoo import http
from odoo.http import request


class ScorecardController(http.Controller):
    # type="http" and not a JSON-RPC route: a dashboard gets it with a plain GET, and
    # the name of the other type is "json" in Odoo 18 and "jsonrpc" in 19.
    @http.route("/traction/scorecard", type="http", auth="user", methods=["GET"])
    def scorecard(self, year="", quarter="", **_kwargs):
        """Return the numbers of one quarter as JSON, as far as the user may see."""
        if not re.fullmatch("[1-9][0-9]{3}", year):
            raise BadRequest("year must have four digits, such as 2024")
        if quarter not in ("1", "2", "3", "4"):
            raise BadRequest("quarter must be 1, 2, 3 or 4")
        scorecard = request.env["traction.rock"].get_scorecard(int(year), quarter)
        return request.make_json_response(scorecard)
