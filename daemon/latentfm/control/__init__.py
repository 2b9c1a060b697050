"""Control: what may be asked of a running station, over a socket in its runtime folder or by HTTP with a token."""
