# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Hub Traction",
    "summary": "Goals of company, teams and people, and a weekly scorecard",
    "version": "1.0.0",
    "category": "Productivity",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["base", "web"],
    "data": [
        "security/traction_groups.xml",
        "security/ir.model.access.csv",
        "security/traction_rules.xml",
        "views/traction_goal_views.xml",
        "views/traction_measurable_views.xml",
        "views/traction_menus.xml",
    ],
    "assets": {
        "web.assets_backend": ["traction/static/src/**/*"],
        "web.assets_unit_tests": ["traction/static/tests/**/*.test.js"],
    },
    "application": True,
    "installable": True,
}
