"""The process that runs for days: it owns workers, ledger, throttle and pace."""
