"""The fault matrix: a live system of its own is harmed in fourteen ways, and must lose nothing by any of them."""
