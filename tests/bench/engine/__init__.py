"""What the engine costs: newsloom beside a bare process pool and the same stages on two other engines."""
