"""The page of a call for who reviews it: one HTML file that loads nothing and runs nothing."""
