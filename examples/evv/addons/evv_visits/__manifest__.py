# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "EVV Visits",
    "summary": "Visits with check-in, check-out and verification",
    "version": "1.0.0",
    "category": "Services/EVV",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["evv_core"],
    "data": [
        "security/ir.model.access.csv",
        "security/evv_visit_rules.xml",
        "data/ir_sequence.xml",
        "views/evv_visit_views.xml",
        "views/evv_client_views.xml",
    ],
    "installable": True,
}
