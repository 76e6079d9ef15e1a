"""Small counts: what is hidden, how fine a place may be shown, what the shown sums give away, the tables that may be sent on."""
