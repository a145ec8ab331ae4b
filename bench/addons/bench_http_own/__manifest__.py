# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Benchmark: HTTP, bundles made by every run",
    "summary": "A module whose tests ask over HTTP, and that mentions what makes bundles, so that it finds none",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Example",
    "depends": ["web"],
    "installable": True,
}
