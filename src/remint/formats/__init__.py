"""How a fetched file becomes raw rows: one small module a format."""
