"""One network and all networks: throttle, cooldown, pace. Rules with the clock handed in."""
