"""remint: models that can be minted again, bit for bit."""
