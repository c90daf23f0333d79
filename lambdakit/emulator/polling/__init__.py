"""What calls functions of its own accord: queues and streams that are polled for them, and schedules."""
