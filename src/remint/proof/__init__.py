"""Minting a registered version again, and what that proves; what differs between two models."""
