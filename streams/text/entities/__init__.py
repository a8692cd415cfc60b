"""Named entities of a text: words with offsets, a tagger, and what a whole article says about its names."""
