"""What the program asks the engine for."""
