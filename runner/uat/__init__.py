"""An environment to look at: one for each repository, whose data lasts until somebody removes it (`uat`)."""
