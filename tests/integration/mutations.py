"""Guards of the edge taken out, one a function, for the tests that show what each is for."""
