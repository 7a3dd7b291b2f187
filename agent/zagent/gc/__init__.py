"""What can go from a data root and its mirrors, and letting it go."""
