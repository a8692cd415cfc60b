"""Looking at a live system through its topics: nothing is committed, and no worker notices."""
