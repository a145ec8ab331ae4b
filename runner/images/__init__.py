"""An image of a repository's own: what goes into it, how it is built, and which of them the engine keeps."""
