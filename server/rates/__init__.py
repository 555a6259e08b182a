"""Rate limits by cost, of users and addresses, counted for all processes together."""
