"""Commands that are killed, or run out of disk, at any point: the next one makes everything good."""
