"""Couriers carry events from journals to trackers' stores, each in a process of its own."""
