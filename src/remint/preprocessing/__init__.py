"""From raw rows to arrays: a module per modality; fitted state is JSON."""
