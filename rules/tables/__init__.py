"""Tables of an edition, one module for each part of the rules, typed."""
