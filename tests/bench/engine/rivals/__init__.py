"""The same stages, wired by hand on something else; each module is a program that reads the worker's settings."""
