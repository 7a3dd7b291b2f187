"""What is found out and decided before anything is declared."""
