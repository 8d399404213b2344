"""Where raw data comes from: one small module a kind."""
