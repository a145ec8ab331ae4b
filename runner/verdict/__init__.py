"""Odoo's log and the module's sources, and what they prove. No I/O but reading sources."""
