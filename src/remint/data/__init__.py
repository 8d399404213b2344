"""The prepared dataset on disk and the LightningDataModule over it."""
