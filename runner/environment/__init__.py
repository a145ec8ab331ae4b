"""One Compose project: its compose file, isolation, port, start and health."""
