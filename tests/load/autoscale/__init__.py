"""An autoscaled group of bulkheads on one machine."""
