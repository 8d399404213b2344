"""Expectations, run by Great Expectations, and their report."""
