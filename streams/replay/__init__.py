"""Parts of a topic again, into a lane of their own; lanes beside the live one, and what tells two apart."""
