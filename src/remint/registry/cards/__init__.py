"""What a model card is made of: its content as blocks, and two ways to write them."""
