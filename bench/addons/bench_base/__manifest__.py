# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Benchmark: base",
    "summary": "A module that depends on nothing but base",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["base"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
