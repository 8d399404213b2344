"""Prefect: runs stages of the pipeline, then the effects that a stage may not have."""
