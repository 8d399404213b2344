"""Model families: a file each, holding a config class and the network that it builds."""
