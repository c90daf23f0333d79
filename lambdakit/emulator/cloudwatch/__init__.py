"""CloudWatch as far as functions need it: their logs, their metrics, and what they would have cost."""
