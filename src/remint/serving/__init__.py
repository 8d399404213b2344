"""Asking a registered model: files of any size, and requests over HTTP."""
