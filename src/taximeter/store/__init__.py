"""A tracker's store: how it is addressed, and how it is read in a process of its own."""
