# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Benchmark: HTTP",
    "summary": "A module whose tests ask over HTTP, for which Odoo generates its assets bundles",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["web"],
    "installable": True,
}
