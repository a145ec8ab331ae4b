# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Hub Compliance",
    "summary": "Certificates of employees and when they expire",
    "version": "1.0.0",
    "category": "Human Resources",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["hr"],
    "data": [
        "security/ir.model.access.csv",
        "security/hub_compliance_rules.xml",
        "data/hub_compliance_type.xml",
        "data/ir_cron.xml",
        "views/hub_compliance_document_views.xml",
        "views/hub_compliance_type_views.xml",
        "views/hr_employee_views.xml",
        "views/hub_compliance_menus.xml",
    ],
    "application": True,
    "installable": True,
}
