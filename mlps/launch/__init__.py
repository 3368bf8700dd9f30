"""Starting a plan: what each launcher must be told, and where the hosts come from."""
