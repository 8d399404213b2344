"""Typed declarations of datasets and experiments."""
