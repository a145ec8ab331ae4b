# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Benchmark: accounting",
    "summary": "A heavy module: account and hr",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["account", "hr"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
