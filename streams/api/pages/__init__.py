"""Pages for people, served by the API: HTML made here, readable without JavaScript."""
