"""Modules on disk, their manifests and dependencies, and Odoo's command line."""
