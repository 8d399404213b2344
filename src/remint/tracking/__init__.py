"""MLflow: the store, runs, registered models. Nothing else in remint imports mlflow, and these in functions only."""
