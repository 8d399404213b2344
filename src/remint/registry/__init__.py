"""Gates, promotion and the predictor that is registered."""
