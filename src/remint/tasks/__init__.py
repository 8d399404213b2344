"""Machine-learning tasks: a file each, holding loss, metrics and how to read the output."""
