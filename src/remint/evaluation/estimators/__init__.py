"""Kinds of baselines: a module each, named as `datasets.NAME.baselines.NAME.estimator` with `_` for `-`."""
