"""What a model's predictions rest on, by captum: a module a modality."""
