"""The run screen: splits, workers, failures, throttle, log."""
