"""Who the players are: names, the persons they mean, and the names that mean nobody yet."""
