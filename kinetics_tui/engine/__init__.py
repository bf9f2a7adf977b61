"""The process that owns workers, ledger, throttle and pace, and the way to talk to it."""
