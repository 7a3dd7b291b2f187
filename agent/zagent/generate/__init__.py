"""From a prompt to a PNG that can be made again."""
