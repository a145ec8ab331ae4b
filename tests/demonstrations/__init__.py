"""Show on a real engine, by the real command, how runs end: each demonstration becomes a Markdown page for an issue."""
