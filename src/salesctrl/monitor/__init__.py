"""Cases over time: events, the controls on them, ladders, segregation of duties, event logs."""
