"""The process that plays, apart from all that a desk does."""
