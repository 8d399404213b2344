"""Training with Lightning: deterministic, off the per-step path."""
