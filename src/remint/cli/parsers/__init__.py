"""The parser of each command, and the call of what does its work, which is imported then."""
