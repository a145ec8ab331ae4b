# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Benchmark: contacts",
    "summary": "A module in the middle: mail, hr and contacts",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["mail", "hr", "contacts"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
