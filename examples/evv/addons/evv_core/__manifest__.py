# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "EVV Core",
    "summary": "Caregivers and clients of electronic visit verification",
    "version": "1.0.0",
    "category": "Services/EVV",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["base"],
    "data": [
        "security/evv_core_groups.xml",
        "security/ir.model.access.csv",
        "security/evv_core_rules.xml",
        "data/ir_sequence.xml",
        "views/evv_caregiver_views.xml",
        "views/evv_client_views.xml",
        "views/evv_core_menus.xml",
    ],
    "application": True,
    "installable": True,
}
