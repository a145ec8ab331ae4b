# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Benchmark: unimported",
    "summary": "Has a test that nothing imports",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["base"],
    "installable": True,
}
