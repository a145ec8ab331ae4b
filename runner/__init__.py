"""Run the tests of one Odoo module in a throw-away Docker Compose environment that leaves nothing behind."""
