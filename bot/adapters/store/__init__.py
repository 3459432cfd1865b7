"""The rows that are the truth: requests, grants, tasks, inbox, outbound writes, audit log."""
