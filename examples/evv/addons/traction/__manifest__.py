# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Traction",
    "summary": "Rocks, issues and to-dos of the quarter",
    "version": "1.0.0",
    "category": "Productivity",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["base", "web"],
    "data": [
        "security/traction_groups.xml",
        "security/ir.model.access.csv",
        "security/traction_rules.xml",
        "views/traction_rock_views.xml",
        "views/traction_issue_views.xml",
        "views/traction_todo_views.xml",
        "views/traction_menus.xml",
    ],
    "assets": {
        "web.assets_tests": ["traction/static/tests/tours/**/*"],
    },
    "application": True,
    "installable": True,
}
