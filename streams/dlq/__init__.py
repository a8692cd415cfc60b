"""Dead letters of a lane: found, looked at, counted, sent again, or discarded with a reason."""
