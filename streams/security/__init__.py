"""Who may do what on a secured cluster: rules that follow from the topology, and bringing a cluster to them."""
