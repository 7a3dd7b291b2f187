"""What AWS says when it is asked: one module a noun, each answer a plain value. No engine is needed to ask."""
