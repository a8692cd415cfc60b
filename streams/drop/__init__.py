"""A drop folder: each file that is put there becomes documents in the raw topic, once for each content."""
